import { z } from 'zod';
import { ClosingRecord, closingRecords } from '../../etl/closing/closing-record.ts';
import { loadContracts, requireContract } from '../../etl/contract/load-contracts.ts';
import { withScratchEngine } from '../../etl/engine/with-scratch-engine.ts';
import { type AsOf, parseAsOf } from '../../etl/query/as-of.ts';
import { goldReport, reportSql } from '../../etl/query/gold-report.ts';
import { jsonValue } from '../../etl/query/json-value.ts';
import { reportFacts } from '../../etl/query/report-facts.ts';
import { runQuery } from '../../etl/query/run-query.ts';
import { publishedContract } from '../../etl/stages/kept-contracts.ts';
import { readerOf } from '../identity/reader.ts';
import { Next, PAGE_QUERY, pageOf } from './paging.ts';
import { route } from './route.ts';

const REPORT = z.strictObject({ report: z.string().meta({ description: 'e.g. spend.monthly_totals' }) });

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

const MONTH = /^\d{4}-(0[1-9]|1[0-2])$/;

/** GET /v1/reports/{report}. */
export const showReport = route({
  method: 'get',
  path: '/v1/reports/{report}',
  permission: 'gold.read',
  tag: 'Reports',
  summary:
    "A report's rows, by month and key: decimals and great integers are text, so that nothing is rounded",
  params: REPORT,
  query: z.strictObject({
    month: z.string().regex(MONTH, 'is no month: write e.g. 2024-03').exactOptional(),
    asOf: z.string().min(1).exactOptional().meta({ description: 'a time, or the id of a snapshot' }),
    limit: z.coerce.number().int().min(1).max(10_000).default(1000),
    offset: z.coerce.number().int().min(0).max(1_000_000_000).default(0),
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
    columns: z.array(z.object({ name: z.string(), type: z.string() })),
    rowCount: z.int(),
    rows: z.array(z.record(z.string(), z.unknown())),
  }),
  async handle({ params, query: { month, asOf: when, limit, offset }, identity }, { lake: { effects } }) {
    const asOf: AsOf = when === undefined ? { kind: 'now' } : parseAsOf(when);
    const loaded = await loadContracts(effects.contracts);
    const named = goldReport(params.report, loaded.contracts.values());
    requireContract(loaded, named.dataset);
    const contract = await publishedContract(effects.objects, named);
    return await withScratchEngine(effects, 'report', async (engine) => {
      const { columns, rowCount, rows } = await runQuery(engine, effects, {
        sql: reportSql(contract, month),
        asOf,
        reader: readerOf(identity),
      });
      const facts = await reportFacts(effects, contract, { month, asOf });
      const shown = await rows(offset, offset + limit);
      return {
        ...facts,
        madeFrom: [...facts.madeFrom],
        waiting: [...facts.waiting],
        columns: columns.map(({ name, type }) => ({ name, type })),
        rowCount,
        rows: shown.map((row) =>
          Object.fromEntries(columns.map((column, n) => [column.name, jsonValue(row[n] ?? null, column)])),
        ),
      };
    });
  },
});

/** GET /v1/reports/{report}/closings. */
export const listClosings = route({
  method: 'get',
  path: '/v1/reports/{report}/closings',
  permission: 'closings.read',
  tag: 'Reports',
  summary: 'The closings that there ever were of a report: which months, by whom and why',
  params: REPORT,
  answer: z.object({ closings: z.array(ClosingRecord) }),
  async handle({ params }, { lake: { effects } }) {
    const { contracts } = await loadContracts(effects.contracts);
    const { dataset } = goldReport(params.report, contracts.values());
    return { closings: await closingRecords(effects.objects, dataset) };
  },
});
