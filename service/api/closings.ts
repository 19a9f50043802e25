import { z } from 'zod';
import { closedReport } from '../../etl/closing/closed-report.ts';
import { ClosingRecord, closingRecords, readClosing } from '../../etl/closing/closing-record.ts';
import { ConfigError } from '../../etl/errors.ts';
import { closeMonth } from '../../etl/operations/close-month.ts';
import { reopenMonth } from '../../etl/operations/reopen-month.ts';
import type { Effects } from '../../etl/ports.ts';
import { findReport } from '../../etl/query/find-report.ts';
import { openAnswer } from '../../etl/query/open-answer.ts';
import { etagOf, namesTag } from '../http/etag.ts';
import { hiddenColumns } from '../identity/reader.ts';
import { ANSWER_FORMATS, AnswerFormat, answerFile, rowsOf } from './answer-files.ts';
import { Month, REPORT } from './reports.ts';
import { route, valueOrFileRoute } from './route.ts';

const Closings = z.object({ closings: z.array(ClosingRecord) });

/** Why somebody decides; it is kept for good. */
export const Reason = z.string().trim().min(1).max(2000).meta({ description: 'why; it is kept for good' });

async function closingsOf(effects: Effects, name: string): Promise<z.input<typeof Closings>> {
  const { dataset } = await findReport(effects, name);
  return { closings: await closingRecords(effects.objects, dataset) };
}

/** GET /v1/reports/{report}/closings. */
export const listClosings = route({
  method: 'get',
  path: '/v1/reports/{report}/closings',
  permission: 'closings.read',
  tag: 'Closings',
  summary: 'The closings that there ever were of a report: which months, by whom and why',
  params: REPORT,
  answer: Closings,
  handle: ({ params }, { lake: { effects } }) => closingsOf(effects, params.report),
});

/** GET /v1/reports/{report}/closed. */
export const showClosed = valueOrFileRoute({
  path: '/v1/reports/{report}/closed',
  permission: 'closings.read',
  tag: 'Closings',
  summary: 'The rows that months of a report were closed with; they are the same for good',
  params: REPORT,
  query: z.strictObject({
    month: Month.exactOptional(),
    closing: z
      .string()
      .regex(/^[\w-]{1,80}$/, 'is no id of a closing')
      .exactOptional()
      .meta({ description: 'this closing, also one that ended' }),
    limit: z.coerce.number().int().min(1).max(10_000).default(1000),
    offset: z.coerce.number().int().min(0).max(1_000_000_000).default(0),
    format: AnswerFormat.exactOptional().meta({ description: 'a file with all rows' }),
  }),
  answer: Closings.extend({
    report: z.string(),
    columns: z.array(z.object({ name: z.string(), type: z.string() })),
    rowCount: z.int(),
    rows: z.array(z.record(z.string(), z.unknown())),
  }),
  formats: ANSWER_FORMATS,
  async value({ params, query: { month, closing, limit, offset }, identity }, { lake: { effects } }) {
    const contract = await findReport(effects, params.report);
    const { dataset } = contract;
    const wanted = { dataset, month, closing, hidden: hiddenColumns(identity, contract) };
    const opened = await openAnswer(effects, 'closed', (engine) => closedReport(engine, effects, wanted));
    try {
      const { closings, answer } = opened;
      const { columns, rowCount } = answer;
      const rows = await rowsOf(answer, { from: offset, to: offset + limit });
      return { report: dataset, closings: [...closings], columns: [...columns], rowCount, rows };
    } finally {
      await opened.close();
    }
  },
  async handle({ params, query: { month, closing, format = 'csv' }, identity }, { lake: { effects } }) {
    const contract = await findReport(effects, params.report);
    const { dataset } = contract;
    const wanted = { dataset, month, closing, hidden: hiddenColumns(identity, contract) };
    const name = [dataset, month, closing, 'closed'].filter((part) => part !== undefined).join('-');
    const open = () => openAnswer(effects, 'closed', (engine) => closedReport(engine, effects, wanted));
    return await answerFile(open, { format, name });
  },
});

/** POST /v1/reports/{report}/close. */
export const close = route({
  method: 'post',
  path: '/v1/reports/{report}/close',
  permission: 'closings.decide',
  tag: 'Closings',
  summary: 'Closes a month of a report: its rows stay as they are, and what would change them waits',
  params: REPORT,
  body: z.strictObject({
    month: Month,
    digest: z.string().min(1).max(100).exactOptional().meta({
      description: "the month's digest as it was looked at: refused where its rows have changed since",
    }),
    reason: Reason,
  }),
  answer: ClosingRecord,
  async handle(
    { params: { report }, body: { reason, ...wanted }, identity, ifMatch },
    { lake: { effects } },
  ) {
    await requireLookedAt(effects, report, ifMatch);
    const closed = await closeMonth(effects, { report, ...wanted }, { by: identity.name, reason });
    return await closingOf(effects, closed);
  },
});

/** POST /v1/reports/{report}/reopen. */
export const reopen = route({
  method: 'post',
  path: '/v1/reports/{report}/reopen',
  permission: 'closings.decide',
  tag: 'Closings',
  summary: 'Lets a closed month follow its inputs again, and publishes what waits for it',
  params: REPORT,
  body: z.strictObject({
    month: Month,
    looked: z
      .object({ closing: z.string().min(1).max(100), waiting: z.string().min(1).max(100).nullable() })
      .exactOptional()
      .meta({
        description:
          'the closing, and the restatement that waited for it, as they were looked at: refused where they are others now',
      }),
    reason: Reason,
  }),
  answer: ClosingRecord,
  async handle(
    { params: { report }, body: { month, looked, reason }, identity, ifMatch },
    { lake: { effects } },
  ) {
    await requireLookedAt(effects, report, ifMatch);
    const was = looked && { closing: looked.closing, waiting: looked.waiting ?? undefined };
    const opened = await reopenMonth(effects, { report, month, looked: was }, { by: identity.name, reason });
    return await closingOf(effects, opened);
  },
});

/** Throws ConfigError `CHANGED` where a report's closings aren't any more what an If-Match header names. */
async function requireLookedAt(effects: Effects, report: string, ifMatch: string | undefined): Promise<void> {
  if (ifMatch === undefined) return;
  if (namesTag(ifMatch, etagOf(JSON.stringify(await closingsOf(effects, report))))) return;
  throw new ConfigError(
    'CHANGED',
    `The closings of ${report} have changed since they were looked at: look at them again.`,
  );
}

/** A closing's record, as it is kept for good. */
export async function closingOf(
  { objects }: Effects,
  { report, id }: { readonly report: string; readonly id: string },
): Promise<ClosingRecord> {
  const record = await readClosing(objects, report, id);
  if (record === undefined) throw new ConfigError('NO_CLOSING', `${report} has no closing ${id}.`);
  return record;
}
