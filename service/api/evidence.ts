import { z } from 'zod';
import { Evidence, GATE_ORDER } from '../../stream/evidence/evidence.ts';
import { findEvidence } from '../../stream/evidence/find-evidence.ts';
import { DatasetUrn, UNKNOWN_DATASET } from '../../stream/policy/dataset-urn.ts';
import { cursorAt, Next, noCursor, PAGE_QUERY, placeOf } from './paging.ts';
import { route } from './route.ts';

const Offset = z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER);

/** GET /v1/evidence. */
export const listEvidence = route({
  method: 'get',
  path: '/v1/evidence',
  permission: 'policies.read',
  tag: 'Events',
  summary: 'What was found of events, those of the newest batches first',
  query: z.strictObject({
    ...PAGE_QUERY,
    dataset_urn: z
      .union([z.literal(UNKNOWN_DATASET), DatasetUrn])
      .exactOptional()
      .meta({ description: 'only of this dataset; urn:dp:unknown for events of none' }),
    result: z.enum(['PASS', 'FAIL']).exactOptional(),
    gate: z.enum(GATE_ORDER).exactOptional().meta({ description: 'only those that failed this gate' }),
    reason: z
      .string()
      .min(1)
      .max(500)
      .exactOptional()
      .meta({ description: 'only with this reason: NULL_VALUE:customer_id, or NULL_VALUE' }),
    topic: z.string().min(1).max(249).exactOptional(),
    partition: Offset.exactOptional(),
    offset: Offset.exactOptional(),
    id: z
      .string()
      .min(8)
      .max(200)
      .exactOptional()
      .meta({ description: 'an evidence id, or at least eight signs of its beginning' }),
  }),
  answer: z.object({ evidence: z.array(Evidence), next: Next }),
  async handle({ query: { limit, cursor, dataset_urn: datasetUrn, ...filter } }, { lake: { effects } }) {
    const { before, skip } = startOf(cursor);
    const meant = { ...filter, ...(datasetUrn === undefined ? {} : { datasetUrn }) };
    const until = skip + limit;
    // An object is read as a whole, and may have many more than a page.
    const found = await findEvidence(effects.objects, meant, {
      limit: until,
      now: effects.clock.now(),
      ...(before === undefined ? {} : { before }),
    });
    const next =
      found.evidence.length > until
        ? `${until} ${before ?? ''}`
        : found.next === undefined
          ? undefined
          : `0 ${found.next}`;
    return {
      evidence: found.evidence.slice(skip, until),
      next: next === undefined ? null : cursorAt(next),
    };
  },
});

/** Where a page begins: behind an object, and behind so many of what follows. */
function startOf(cursor: string | undefined): { readonly before: string | undefined; readonly skip: number } {
  const place = placeOf(cursor);
  if (place === undefined || cursor === undefined) return { before: undefined, skip: 0 };
  const [, skip, before = ''] = /^(\d{1,9}) (.*)$/s.exec(place) ?? [];
  if (skip === undefined) throw noCursor(cursor);
  return { before: before === '' ? undefined : before, skip: Number(skip) };
}
