import { z } from 'zod';
import { loadContracts } from '../../etl/contract/load-contracts.ts';
import { Next, OF_DATASET, PAGE_QUERY, pageOf } from './paging.ts';
import { route } from './route.ts';

const Health = z.object({
  dataset: z.string(),
  layer: z.enum(['silver', 'gold', 'projection']),
  publishedAt: z.string().nullable(),
  lookedAt: z.iso
    .datetime()
    .meta({ description: 'when it was looked at; what happened in the lake since would have shown' }),
  ailments: z.array(
    z.object({
      code: z.string(),
      what: z.string(),
      next: z.string().meta({ description: "the command to run next, after 'assay'" }),
    }),
  ),
  notes: z
    .array(z.string())
    .exactOptional()
    .meta({ description: 'what is worth to know, and nothing amiss: events that are missing, say' }),
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
  async handle({ query }, { lake: { effects }, health }) {
    const all = [...(await loadContracts(effects.contracts)).contracts.values()];
    const meant = query.dataset === undefined ? all : all.filter(({ dataset }) => dataset === query.dataset);
    const { page, next } = pageOf(meant, ({ dataset }) => dataset, query);
    // One that can't be checked stops no other: they are found by the next question.
    const looks = await Promise.allSettled(page.map(health));
    const datasets = looks.map((look) => {
      if (look.status === 'rejected') throw look.reason;
      const { health: one, lookedAt } = look.value;
      const { notes, ailments, ...rest } = one;
      const told = notes === undefined ? {} : { notes: [...notes] };
      return { ...rest, ailments: [...ailments], ...told, lookedAt: lookedAt.toISOString() };
    });
    return { datasets, next };
  },
});
