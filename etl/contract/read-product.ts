import { z } from 'zod';
import type { Contract, Product } from './contract.ts';
import type { CustomValues } from './custom-properties.ts';
import { describe, listOf, matching, readFields, refuseUnknown, text, whole } from './fields.ts';
import type { Problems } from './problems.ts';

/** Rows of a sample unless a contract says otherwise, and at most. */
const SAMPLE_ROWS = 5;
const MOST_SAMPLE_ROWS = 50;

const ADDRESS = 'write an address such as https://wiki.example.org/totals';
const address = text(ADDRESS).refine((value) => /^(https?|mailto):/.test(value) && URL.canParse(value), {
  error: ({ input }) => `is ${describe(input)}; ${ADDRESS}`,
});

const SHAPE = {
  title: text('write what people call it').optional(),
  documentation: listOf(address, 'write addresses as [https://…]').optional(),
  support: z.unknown().optional(),
  access: address.optional(),
  sample: whole(0)
    .refine((rows) => rows <= MOST_SAMPLE_ROWS, { error: () => `is more than ${MOST_SAMPLE_ROWS}` })
    .optional(),
} as const;

const SUPPORT = {
  channel: matching(/^.{1,200}$/, 'write where people are heard, e.g. #finance-data'),
  url: address,
} as const;

/** Reads `assay.product`: what makes a Gold table or a projection a data product. */
export function readProduct(
  custom: CustomValues,
  layer: Contract['layer'],
  problems: Problems,
): Pick<Contract, 'product'> {
  const given = custom.get('assay.product');
  if (given === undefined) return {};
  const { value, path } = given;
  if (layer === 'silver') {
    problems.add(path.slice(0, -1), 'gives assay.product, and Silver is no product: make a Gold table of it');
    return {};
  }
  const hint = `use ${Object.keys(SHAPE).join(', ')}`;
  refuseUnknown(value, Object.keys(SHAPE), path, { problems, hint });
  const {
    title,
    documentation = [],
    support,
    access,
    sample = SAMPLE_ROWS,
  } = readFields(SHAPE, value, path, problems);
  const heard = support === undefined ? {} : readFields(SUPPORT, support, [...path, 'support'], problems);
  const { channel, url } = heard as Partial<Readonly<Record<'channel' | 'url', string>>>;
  const product: Product = {
    documentation,
    sampleRows: sample,
    ...(title === undefined ? {} : { title: title.trim() }),
    ...(channel === undefined || url === undefined ? {} : { support: { channel, url } }),
    ...(access === undefined ? {} : { access }),
  };
  return { product };
}
