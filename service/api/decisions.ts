import { z } from 'zod';
import { decisionsPrefix } from '../../etl/naming/decisions.ts';
import { newestKeys } from '../../etl/operations/newest-keys.ts';
import { Decision } from '../../etl/stages/outcomes.ts';
import { getDocument } from '../../etl/stages/stored-documents.ts';
import { newestPage } from './newest.ts';
import { Next, OF_DATASET, PAGE_QUERY, placeOf } from './paging.ts';
import { route } from './route.ts';

/** GET /v1/decisions. */
export const listDecisions = route({
  method: 'get',
  path: '/v1/decisions',
  permission: 'decisions.read',
  tag: 'Decisions',
  summary: 'What people decided, newest first: who, when and why',
  query: z.strictObject({
    ...PAGE_QUERY,
    dataset: OF_DATASET,
    kind: Decision.shape.kind.exactOptional().meta({ description: 'only of this kind' }),
    runId: z.string().exactOptional().meta({ description: 'only about this run' }),
  }),
  answer: z.object({ decisions: z.array(Decision), next: Next }),
  async handle({ query: { dataset, kind, runId, limit, cursor } }, { lake: { effects } }) {
    const before = placeOf(cursor);
    const keys = newestKeys(effects.objects, decisionsPrefix(dataset), {
      nowMs: effects.clock.now().getTime(),
      ...(before === undefined ? {} : { before }),
    });
    const { page, next } = await newestPage(keys, {
      limit,
      read: (key) => getDocument(effects.objects, key, Decision),
      isMeant: (one) =>
        (kind === undefined || one.kind === kind) && (runId === undefined || one.runId === runId),
    });
    return { decisions: page, next };
  },
});
