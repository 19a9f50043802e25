import { z } from 'zod';
import { ClosingRecord } from '../../etl/closing/closing-record.ts';
import { listRestatements } from '../../etl/closing/list-restatements.ts';
import { ConfigError } from '../../etl/errors.ts';
import { acceptRestatement } from '../../etl/operations/accept-restatement.ts';
import type { Effects } from '../../etl/ports.ts';
import { findReport } from '../../etl/query/find-report.ts';
import { etagOf, namesTag } from '../http/etag.ts';
import { closingOf, Reason } from './closings.ts';
import { route } from './route.ts';

const Restatement = z.object({
  id: z.string(),
  report: z.string(),
  month: z.string(),
  closing: z.string().meta({ description: 'whose rows readers see' }),
  closedAt: z.string(),
  since: z.string(),
  runId: z.string().meta({ description: 'the run or decision that made the waiting rows' }),
  rows: z.object({ closed: z.int(), waiting: z.int() }),
  figures: z
    .array(
      z.object({
        month: z.string(),
        key: z.record(z.string(), z.unknown()),
        column: z.string(),
        old: z.string().nullable(),
        new: z.string().nullable(),
      }),
    )
    .meta({ description: 'each value that would change; of personal and confidential columns •••' }),
});
type Restatement = z.input<typeof Restatement>;

async function waitingOf(effects: Effects, reports?: readonly string[]): Promise<Restatement[]> {
  const found = await listRestatements(effects, reports);
  return found.map(({ figures, ...one }) => ({
    ...one,
    figures: figures.map(({ month, key, column, old, new: now }) => ({ month, key, column, old, new: now })),
  }));
}

/** GET /v1/restatements. */
export const listWaiting = route({
  method: 'get',
  path: '/v1/restatements',
  permission: 'closings.read',
  tag: 'Closings',
  summary: 'What would change closed months, and waits for a decision',
  query: z.strictObject({
    report: z.string().exactOptional().meta({ description: 'only of this report' }),
  }),
  answer: z.object({ restatements: z.array(Restatement) }),
  async handle({ query: { report } }, { lake: { effects } }) {
    const reports = report === undefined ? undefined : [(await findReport(effects, report)).dataset];
    return { restatements: await waitingOf(effects, reports) };
  },
});

const ID = z.strictObject({
  restatementId: z.string().regex(/^[\w-]{1,80}$/, 'is no id of a restatement'),
});

/** GET /v1/restatements/{restatementId}. */
export const showWaiting = route({
  method: 'get',
  path: '/v1/restatements/{restatementId}',
  permission: 'closings.read',
  tag: 'Closings',
  summary: 'One of them',
  params: ID,
  answer: Restatement,
  handle: ({ params }, { lake: { effects } }) => requireWaiting(effects, params.restatementId),
});

/** POST /v1/restatements/{restatementId}/accept. */
export const accept = route({
  method: 'post',
  path: '/v1/restatements/{restatementId}/accept',
  permission: 'closings.decide',
  tag: 'Closings',
  summary: 'Publishes exactly the rows that wait under this id, and closes their month anew with them',
  params: ID,
  body: z.strictObject({ reason: Reason }),
  answer: ClosingRecord,
  async handle(
    { params: { restatementId: id }, body: { reason }, identity, ifMatch },
    { lake: { effects } },
  ) {
    if (
      ifMatch !== undefined &&
      !namesTag(ifMatch, etagOf(JSON.stringify(await requireWaiting(effects, id))))
    )
      throw new ConfigError('CHANGED', `${id} has changed since it was looked at: look at it again.`);
    const closed = await acceptRestatement(effects, id, { by: identity.name, reason });
    return await closingOf(effects, closed);
  },
});

async function requireWaiting(effects: Effects, id: string): Promise<Restatement> {
  const found = (await waitingOf(effects)).find((one) => one.id === id);
  if (found !== undefined) return found;
  throw new ConfigError(
    'NO_RESTATEMENT',
    `No restatement waits under the id '${id}': /v1/restatements lists those that do.`,
    { context: { restatement: id } },
  );
}
