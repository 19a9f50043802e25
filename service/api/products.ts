import { z } from 'zod';
import { loadContracts } from '../../etl/contract/load-contracts.ts';
import { productContracts, requireProduct } from '../../etl/products/data-product.ts';
import { odpsOf } from '../../etl/products/odps.ts';
import { READ_WAYS } from '../../etl/products/read-log.ts';
import { listedProduct, seenProduct, toldProduct } from '../products/see-product.ts';
import { DATASET } from './datasets.ts';
import { mutable } from './mutable.ts';
import { Next, PAGE_QUERY, pageOf } from './paging.ts';
import { route } from './route.ts';

const Promised = z.object({
  property: z.string(),
  value: z.union([z.string(), z.number(), z.boolean()]),
  unit: z.string().exactOptional(),
});

const Product = z.object({
  dataset: z.string(),
  layer: z.enum(['silver', 'gold', 'projection']),
  table: z.string().meta({ description: 'as SQL names it' }),
  title: z.string(),
  description: z.string(),
  owner: z.string(),
  version: z.string(),
  contractId: z.string().meta({ description: 'in the Open Data Contract Standard' }),
  status: z.string().meta({ description: 'active, deprecated, retired, or what its contract says' }),
  promises: z.array(Promised),
  deprecated: z
    .object({
      until: z.string().meta({ description: 'the last day on which it may be relied on, UTC' }),
      use: z.string().exactOptional().meta({ description: 'what takes its place' }),
      why: z.string().exactOptional(),
    })
    .nullable(),
  documentation: z.array(z.string()),
  support: z.object({ channel: z.string(), url: z.string() }).nullable(),
  access: z.object({
    roles: z.array(z.string()).meta({ description: 'roles that may read it' }),
    maskedFor: z
      .array(z.string())
      .meta({ description: 'those of them that see no values in sensitiveColumns' }),
    sensitiveColumns: z.array(z.string()),
    dataGroups: z.array(z.string()).meta({ description: 'whose members may open sealed values' }),
    ask: z.string().nullable().meta({ description: 'where access is asked for' }),
  }),
  inputs: z.array(z.object({ dataset: z.string(), version: z.string(), contractId: z.string() })),
  publishedAt: z.string().nullable(),
  ailments: z.array(z.string()).meta({ description: 'what is not well' }),
});

const Seen = Product.extend({
  since: z.string().meta({ description: 'the first day of costs and reads' }),
  costs: z.object({
    refreshes: z.int(),
    wallMs: z.number(),
    cpuMs: z.number().nullable(),
    readBytes: z.number().nullable(),
    writtenBytes: z.number(),
    writtenRows: z.number(),
  }),
  reads: z
    .array(
      z.object({
        day: z.string(),
        by: z.string(),
        way: z.enum(READ_WAYS),
        dataset: z.string(),
        reads: z.int(),
      }),
    )
    .nullable()
    .meta({ description: 'null for who may not see them' }),
  sample: z
    .object({
      columns: z.array(z.object({ name: z.string(), type: z.string() })),
      rows: z.array(z.record(z.string(), z.unknown())),
    })
    .nullable()
    .meta({ description: 'without personal and confidential columns; null for who may not read the table' }),
});

/** GET /v1/products. */
export const listProducts = route({
  method: 'get',
  path: '/v1/products',
  permission: 'catalogue.read',
  tag: 'Data products',
  summary: 'The data products, by name',
  query: z.strictObject(PAGE_QUERY),
  answer: z.object({ products: z.array(Product), next: Next }),
  async handle({ query }, service) {
    const loaded = await loadContracts(service.lake.effects.contracts);
    const { page, next } = pageOf(productContracts(loaded), ({ dataset }) => dataset, query);
    const products = await Promise.all(page.map((one) => listedProduct(one, loaded, service)));
    return { products: mutable(products), next };
  },
});

/** GET /v1/products/{dataset}. */
export const showProduct = route({
  method: 'get',
  path: '/v1/products/{dataset}',
  permission: 'catalogue.read',
  tag: 'Data products',
  summary: 'A data product, with a sample, what its refreshes took in the last 30 days, and who read it',
  params: DATASET,
  answer: Seen,
  async handle({ params, identity }, service) {
    const loaded = await loadContracts(service.lake.effects.contracts);
    return mutable(await seenProduct(requireProduct(loaded, params.dataset), loaded, { identity, service }));
  },
});

/** GET /v1/products/{dataset}/odps. */
export const showDescriptor = route({
  method: 'get',
  path: '/v1/products/{dataset}/odps',
  permission: 'catalogue.read',
  tag: 'Data products',
  summary: 'The descriptor of a data product by the Open Data Product Standard (ODPS v1.0.0)',
  params: DATASET,
  answer: z.record(z.string(), z.unknown()),
  async handle({ params }, service) {
    const loaded = await loadContracts(service.lake.effects.contracts);
    const [host] = service.hosts;
    const api = host === undefined ? undefined : `${service.isSecure ? 'https' : 'http'}://${host}`;
    return odpsOf(toldProduct(requireProduct(loaded, params.dataset), loaded, service), api);
  },
});
