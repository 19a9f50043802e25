import { z } from 'zod';
import type { Contract, Deprecation } from './contract.ts';
import type { CustomValues } from './custom-properties.ts';
import { describe, matching, readFields, refuseUnknown, text } from './fields.ts';
import type { Problems } from './problems.ts';

const LAST_DAY = 'write the last day on which readers may rely on it, e.g. 2027-03-31';
const SHAPE = {
  until: text(LAST_DAY).refine((value) => z.iso.date().safeParse(value).success, {
    error: ({ input }) => `is ${describe(input)}; ${LAST_DAY}`,
  }),
  use: matching(
    /^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*$/,
    'write the dataset that takes its place as <domain>.<name>',
  ).optional(),
  why: text('write why it ends').optional(),
} as const;

/** Words of ODCS's `status` by which other tools know that a contract ends. */
const ENDING: ReadonlySet<unknown> = new Set(['deprecated', 'retired']);

/** Reads `assay.deprecated`. A contract that ends says so in `status`, too, which other tools read. */
export function readDeprecation(
  custom: CustomValues,
  document: Readonly<Record<string, unknown>>,
  problems: Problems,
): Pick<Contract, 'deprecated'> {
  const given = custom.get('assay.deprecated');
  if (given === undefined) return {};
  const hint = `use ${Object.keys(SHAPE).join(', ')}`;
  refuseUnknown(given.value, Object.keys(SHAPE), given.path, { problems, hint });
  const { until, use, why } = readFields(SHAPE, given.value, given.path, problems);
  if (!ENDING.has(document.status))
    problems.add(
      ['status'],
      'says nothing of its end, though assay.deprecated does; write deprecated, or retired once it is over',
    );
  if (until === undefined) return {};
  const deprecated: Deprecation = {
    until,
    ...(use === undefined ? {} : { use }),
    ...(why === undefined ? {} : { why: why.trim() }),
  };
  return { deprecated };
}
