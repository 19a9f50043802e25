import { type ClosingRecord, closingRecords } from '../../../etl/closing/closing-record.ts';
import { listRestatements, type WaitingRestatement } from '../../../etl/closing/list-restatements.ts';
import { endOfMonthMs } from '../../../etl/closing/month.ts';
import type { GoldContract } from '../../../etl/contract/contract.ts';
import { loadContracts } from '../../../etl/contract/load-contracts.ts';
import type { Engine, SqlResult } from '../../../etl/engine/engine.ts';
import { withScratchEngine } from '../../../etl/engine/with-scratch-engine.ts';
import { ConfigError } from '../../../etl/errors.ts';
import { monthDigest } from '../../../etl/operations/close-month.ts';
import { type AsOf, parseAsOf } from '../../../etl/query/as-of.ts';
import { findReport } from '../../../etl/query/find-report.ts';
import { listSnapshots, type PublishedSnapshot } from '../../../etl/query/list-snapshots.ts';
import { type ReportChanges, reportChanges } from '../../../etl/query/report-changes.ts';
import { type ReportFacts, reportFacts } from '../../../etl/query/report-facts.ts';
import { openReportView, type ReportView, reportMonths, reportRows } from '../../../etl/query/report-view.ts';
import { inTurn } from '../../http/turns.ts';
import { isAllowed } from '../../identity/identity.ts';
import { hiddenColumns, readerOf } from '../../identity/reader.ts';
import type { PageRequest } from '../page.ts';
import { type ChartedMeasure, readChart } from './read-chart.ts';

/** Rows of a page. */
export const ROWS = 200;
/** Changed rows that are named. */
export const MOST_CHANGES = 500;

/** What the address asks of a report. */
export interface ReportAsked {
  readonly month: string | undefined;
  /** The state that is shown, and the earlier one that it is compared with, as they are asked for; undefined for now, and for none. */
  readonly asOf: string | undefined;
  readonly since: string | undefined;
  readonly measure: string | undefined;
  readonly by: string | undefined;
  /** Position of the first row. */
  readonly from: number;
}

/** A report as its page shows it. */
export interface ShownReport {
  readonly contract: GoldContract;
  readonly asked: ReportAsked;
  readonly facts: ReportFacts;
  /** Newest first. */
  readonly states: readonly PublishedSnapshot[];
  /** Newest first. */
  readonly months: readonly { readonly month: string; readonly rows: number }[];
  readonly rows: SqlResult;
  readonly hidden: ReadonlySet<string>;
  readonly chart: ChartedMeasure | undefined;
  readonly changes: ReportChanges | undefined;
  /** Undefined for who may not see closings. */
  readonly closings: readonly ClosingRecord[] | undefined;
  readonly waiting: readonly WaitingRestatement[];
  /** Of a month that can be closed: the digest of its rows. */
  readonly digest: string | undefined;
}

/** What the address of a report's page asks; a moment that is written out takes the place of a chosen one. */
export function askedOf({ query }: Pick<PageRequest, 'query'>): ReportAsked {
  const said = (name: string): string | undefined => query[name]?.trim() || undefined;
  const from = Number(query.from ?? 0);
  const month = said('month');
  if (month !== undefined && !/^\d{4}-(0[1-9]|1[0-2])$/.test(month))
    throw new ConfigError('REQUEST', `'${month}' is no month: write e.g. 2024-03.`);
  return {
    month,
    asOf: said('at') ?? said('asOf'),
    since: said('sinceAt') ?? said('since'),
    measure: said('measure'),
    by: said('by'),
    from: Number.isSafeInteger(from) && from > 0 ? from : 0,
  };
}

const momentOf = (text: string | undefined): AsOf => (text === undefined ? { kind: 'now' } : parseAsOf(text));

/** Reads a report as its page shows it; undefined where it was never made. */
export async function readReport(
  request: PageRequest,
): Promise<ShownReport | { readonly contract: GoldContract }> {
  const { params, identity, service } = request;
  const { effects } = service.lake;
  const contract = await findReport(effects, params.report ?? '');
  const { dataset } = contract;
  const asked = askedOf(request);
  const asOf = momentOf(asked.asOf);
  const facts = await reportFacts(effects, contract, { month: asked.month, asOf });
  const { lines: states } = await listSnapshots(effects, dataset);
  if (states.length === 0) return { contract };
  const seesClosings = isAllowed(identity, 'closings.read', service);
  const closings = seesClosings ? await closingRecords(effects.objects, dataset) : undefined;
  const waiting = seesClosings && facts.waiting.length > 0 ? await listRestatements(effects, [dataset]) : [];
  const inputs = await inputsOf(request, contract);
  return await inTurn(() =>
    withScratchEngine(effects, 'report-page', async (engine) => {
      const view = await openReportView(engine, effects, { contract, asOf, reader: readerOf(identity) });
      const hidden = hiddenColumns(identity, contract);
      const months = await reportMonths(view);
      const shown = { ...request, contract, asked };
      return {
        ...{ contract, asked, facts, states, months, hidden, closings, waiting },
        rows: await reportRows(view, { month: asked.month, from: asked.from, limit: ROWS }),
        chart: await readChart(view, { inputs, hidden, measure: asked.measure, by: asked.by }),
        digest: await closableDigest(view, shown, { closings, months }),
        // Last: it makes the report's view anew.
        changes: await changesOf(engine, shown),
      };
    }),
  );
}

async function inputsOf({ service }: PageRequest, { inputs }: GoldContract) {
  const { contracts } = await loadContracts(service.lake.effects.contracts);
  return inputs.flatMap((input) => contracts.get(input) ?? []);
}

interface Reading extends PageRequest {
  readonly contract: GoldContract;
  readonly asked: ReportAsked;
}

async function closableDigest(
  { engine }: ReportView,
  { service, identity, contract, asked: { month, asOf } }: Reading,
  { closings, months }: Pick<ShownReport, 'closings' | 'months'>,
): Promise<string | undefined> {
  const { effects } = service.lake;
  if (month === undefined || asOf !== undefined || !isAllowed(identity, 'closings.decide', service))
    return undefined;
  const isClosed = closings?.some((one) => one.month === month && one.ended === null) === true;
  const isOver = endOfMonthMs(month) <= effects.clock.now().getTime();
  if (isClosed || !isOver || !months.some((one) => one.month === month)) return undefined;
  return await monthDigest(engine, effects, { report: contract.dataset, month });
}

async function changesOf(
  engine: Engine,
  { service, identity, contract, asked: { since, asOf, month } }: Reading,
): Promise<ReportChanges | undefined> {
  if (since === undefined) return undefined;
  return await reportChanges(engine, service.lake.effects, {
    ...{ contract, month, mostKeys: MOST_CHANGES },
    since: parseAsOf(since),
    asOf: momentOf(asOf),
    seesAll: isAllowed(identity, 'protected.read', service),
    tellsCauses: isAllowed(identity, 'closings.read', service),
  });
}
