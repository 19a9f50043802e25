import { z } from 'zod';
import { withScratchEngine } from '../../etl/engine/with-scratch-engine.ts';
import { parseAsOf } from '../../etl/query/as-of.ts';
import { findReport } from '../../etl/query/find-report.ts';
import { reportChanges } from '../../etl/query/report-changes.ts';
import { inTurn } from '../http/turns.ts';
import { isAllowed } from '../identity/identity.ts';
import { mutable } from './mutable.ts';
import { Month, REPORT, When } from './reports.ts';
import { route } from './route.ts';

const Sum = z.object({
  measure: z.string(),
  by: z.string().nullable(),
  added: z.string(),
  removed: z.string(),
});
/** A row that changed, in answers of the API. */
export const CHANGED_ROW = {
  change: z.enum(['added', 'removed', 'changed']),
  month: z.string(),
  key: z.record(z.string(), z.string().nullable()),
  values: z.record(z.string(), z.object({ old: z.string().nullable(), new: z.string().nullable() })),
};

/** What differs between two states of a table, in the API's answers. */
export const DIFFERENCE = {
  rowsAdded: z.int(),
  rowsRemoved: z.int(),
  months: z.array(
    z.object({ month: z.string(), rowsAdded: z.int(), rowsRemoved: z.int(), measures: z.array(Sum) }),
  ),
  keyCount: z.int().meta({ description: 'how many rows changed; at most `limit` are named' }),
  keys: z.array(z.object(CHANGED_ROW)),
};

/** How many changed rows are named. */
export const MostKeys = z.coerce.number().int().min(0).max(10_000).default(100);

const State = z
  .object({
    snapshotId: z.int(),
    committedAt: z.string(),
    madeFrom: z.array(z.object({ dataset: z.string(), snapshotId: z.int() })),
  })
  .nullable();

/** GET /v1/reports/{report}/changes. */
export const showChanges = route({
  method: 'get',
  path: '/v1/reports/{report}/changes',
  permission: 'gold.read',
  tag: 'Reports',
  summary:
    'What changed in a report since a moment: old and new values, and for finance by which runs and why',
  params: REPORT,
  query: z.strictObject({
    since: When.meta({ description: 'the moment to compare with: a time, or the id of a snapshot' }),
    asOf: When.exactOptional(),
    month: Month.exactOptional(),
    limit: MostKeys,
  }),
  answer: z.object({
    report: z.string(),
    from: State,
    to: State,
    ...DIFFERENCE,
    keys: z.array(
      z.object({
        ...CHANGED_ROW,
        by: z.array(z.string()).meta({ description: 'ids of the causes that restated the row' }),
      }),
    ),
    causes: z
      .array(
        z.object({
          id: z.string().meta({ description: "the run's, or the decision's" }),
          kind: z.enum(['run', 'decision']),
          at: z.string(),
          by: z.string().nullable(),
          why: z.string(),
        }),
      )
      .meta({ description: 'oldest first; only for those who may see closings' }),
  }),
  async handle({ params, query: { since, asOf, month, limit }, identity }, service) {
    const { effects } = service.lake;
    const contract = await findReport(effects, params.report);
    const found = await inTurn(() =>
      withScratchEngine(effects, 'changes', (engine) =>
        reportChanges(engine, effects, {
          ...{ contract, month, mostKeys: limit },
          since: parseAsOf(since),
          asOf: asOf === undefined ? { kind: 'now' } : parseAsOf(asOf),
          seesAll: isAllowed(identity, 'protected.read', service),
          tellsCauses: isAllowed(identity, 'closings.read', service),
        }),
      ),
    );
    return { report: contract.dataset, ...mutable(found) };
  },
});
