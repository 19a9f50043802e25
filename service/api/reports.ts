import { z } from 'zod';
import { loadContracts } from '../../etl/contract/load-contracts.ts';
import { withScratchEngine } from '../../etl/engine/with-scratch-engine.ts';
import { monthDigest } from '../../etl/operations/close-month.ts';
import { answerOf } from '../../etl/query/answer.ts';
import { type AsOf, parseAsOf } from '../../etl/query/as-of.ts';
import { findReport } from '../../etl/query/find-report.ts';
import { reportSql } from '../../etl/query/gold-report.ts';
import { openAnswer } from '../../etl/query/open-answer.ts';
import { reportFacts } from '../../etl/query/report-facts.ts';
import { openReportView } from '../../etl/query/report-view.ts';
import { inTurn } from '../http/turns.ts';
import { readerOf } from '../identity/reader.ts';
import { noteProductRead } from '../products/note-product-read.ts';
import { ANSWER_FORMATS, AnswerFormat, answerFile, rowsOf } from './answer-files.ts';
import { Next, PAGE_QUERY, pageOf } from './paging.ts';
import { route, valueOrFileRoute } from './route.ts';

/** The report that an address names. */
export const REPORT = z.strictObject({
  report: z.string().meta({ description: 'e.g. spend.monthly_totals' }),
});
export const Month = z.string().regex(/^\d{4}-(0[1-9]|1[0-2])$/, 'is no month: write e.g. 2024-03');
export const When = z.string().min(1).max(40).meta({ description: 'a time, or the id of a snapshot' });

/** GET /v1/reports. */
export const listReports = route({
  method: 'get',
  path: '/v1/reports',
  permission: 'gold.read',
  tag: 'Reports',
  summary: 'The reports there are, by name',
  query: z.strictObject(PAGE_QUERY),
  answer: z.object({
    reports: z.array(
      z.object({ report: z.string(), version: z.string(), owner: z.string(), description: z.string() }),
    ),
    next: Next,
  }),
  async handle({ query }, { lake: { effects } }) {
    const { contracts } = await loadContracts(effects.contracts);
    const golds = [...contracts.values()].filter(({ layer }) => layer === 'gold');
    const { page, next } = pageOf(golds, ({ dataset }) => dataset, query);
    const reports = page.map(({ dataset, version, owner, description }) => ({
      report: dataset,
      version,
      owner,
      description,
    }));
    return { reports, next };
  },
});

/** GET /v1/reports/{report}. */
export const showReport = valueOrFileRoute({
  path: '/v1/reports/{report}',
  permission: 'gold.read',
  tag: 'Reports',
  summary:
    "A report's rows, by month and key: decimals and great integers are text, so that nothing is rounded. With a format, all of them as a file",
  params: REPORT,
  query: z.strictObject({
    month: Month.exactOptional(),
    asOf: When.exactOptional(),
    limit: z.coerce.number().int().min(1).max(10_000).default(1000),
    offset: z.coerce.number().int().min(0).max(1_000_000_000).default(0),
    format: AnswerFormat.exactOptional().meta({ description: 'a file with all rows' }),
    sheetPerMonth: z
      .enum(['true', 'false'])
      .exactOptional()
      .meta({ description: 'of a spreadsheet: whether each month has a sheet of its own' }),
  }),
  answer: z.object({
    report: z.string(),
    table: z.string(),
    month: z.string().nullable(),
    contractVersion: z.string().nullable(),
    snapshotId: z.int().nullable(),
    committedAt: z.string().nullable(),
    madeFrom: z.array(z.object({ dataset: z.string(), snapshotId: z.int() })),
    isRestated: z.boolean(),
    waiting: z.array(z.string()).meta({ description: 'closed months that would have other rows' }),
    digest: z.string().nullable().meta({
      description: 'of one month as it is now: the digest of its rows, which closing it can name',
    }),
    columns: z.array(z.object({ name: z.string(), type: z.string() })),
    rowCount: z.int(),
    rows: z.array(z.record(z.string(), z.unknown())),
  }),
  formats: ANSWER_FORMATS,
  async value({ params, query: { month, asOf: when, limit, offset }, identity }, service) {
    const { effects } = service.lake;
    const asOf = asOfOf(when);
    const contract = await findReport(effects, params.report);
    const { dataset: report } = contract;
    await noteProductRead(service, { identity, way: 'api' }, { dataset: report });
    return await inTurn(() =>
      withScratchEngine(effects, 'report', async (engine) => {
        await openReportView(engine, effects, { contract, asOf, reader: readerOf(identity) });
        const answer = await answerOf(engine, reportSql(contract, month));
        const facts = await reportFacts(effects, contract, { month, asOf });
        const rows = await rowsOf(answer, { from: offset, to: offset + limit });
        const isNow = asOf.kind === 'now' && month !== undefined && facts.snapshotId !== null;
        return {
          ...facts,
          madeFrom: [...facts.madeFrom],
          waiting: [...facts.waiting],
          digest: isNow ? ((await monthDigest(engine, effects, { report, month })) ?? null) : null,
          columns: answer.columns.map(({ name, type }) => ({ name, type })),
          rowCount: answer.rowCount,
          rows,
        };
      }),
    );
  },
  async handle({ params, query: { month, asOf: when, format = 'csv', sheetPerMonth }, identity }, service) {
    const { lake } = service;
    const asOf = asOfOf(when);
    const contract = await findReport(lake.effects, params.report);
    await noteProductRead(service, { identity, way: 'api' }, { dataset: contract.dataset });
    const open = () =>
      openAnswer(lake.effects, 'report', async (engine) => {
        await openReportView(engine, lake.effects, { contract, asOf, reader: readerOf(identity) });
        return { answer: await answerOf(engine, reportSql(contract, month)) };
      });
    const name = [contract.dataset, month, when?.replaceAll(':', '')].filter((part) => part !== undefined);
    return await answerFile(open, {
      format,
      name: name.join('-'),
      sheetPerMonth: sheetPerMonth === 'true' ? contract.partitionColumn : undefined,
    });
  },
});

const asOfOf = (when: string | undefined): AsOf => (when === undefined ? { kind: 'now' } : parseAsOf(when));
