import { z } from 'zod';
import { loadContracts } from '../../etl/contract/load-contracts.ts';
import { lookAfter } from '../../etl/operations/look-after.ts';
import { Next, OF_DATASET, PAGE_QUERY, pageOf } from './paging.ts';
import { route } from './route.ts';

const Health = z.object({
  dataset: z.string(),
  layer: z.enum(['silver', 'gold']),
  publishedAt: z.string().nullable(),
  ailments: z.array(
    z.object({
      code: z.string(),
      what: z.string(),
      next: z.string().meta({ description: "the command to run next, after 'assay'" }),
    }),
  ),
});

/** GET /v1/health. */
export const showHealth = route({
  method: 'get',
  path: '/v1/health',
  permission: 'catalogue.read',
  tag: 'Datasets',
  summary:
    'What is late, waits for a decision or stopped coming: each dataset compared with what its contract promises',
  query: z.strictObject({
    ...PAGE_QUERY,
    dataset: OF_DATASET,
  }),
  answer: z.object({ datasets: z.array(Health), next: Next }),
  async handle({ query }, { lake: { effects } }) {
    const all = [...(await loadContracts(effects.contracts)).contracts.values()];
    const meant = query.dataset === undefined ? all : all.filter(({ dataset }) => dataset === query.dataset);
    const { page, next } = pageOf(meant, ({ dataset }) => dataset, query);
    const found = await lookAfter(effects, page);
    return { datasets: found.map(({ ailments, ...one }) => ({ ...one, ailments: [...ailments] })), next };
  },
});
