import type { GoldContract } from '../contract/contract.ts';
import { type Engine, integerOf, type SqlResult, type SqlRow, textOf } from '../engine/engine.ts';
import { identifier, literal } from '../engine/sql.ts';
import { tableName } from '../naming/datasets.ts';
import type { Effects } from '../ports.ts';
import type { AsOf } from './as-of.ts';
import { createLakeViews } from './lake-views.ts';
import { ownAsOf } from './own-as-of.ts';
import type { Reader } from './reader.ts';

/** A Gold table as it is seen at a moment, ready to be asked. */
export interface ReportView {
  readonly engine: Engine;
  readonly contract: GoldContract;
}

/** Makes a Gold table readable as it was at a moment, as its reader may see it. */
export async function openReportView(
  engine: Engine,
  effects: Effects,
  {
    contract,
    asOf,
    reader,
  }: { readonly contract: GoldContract; readonly asOf: AsOf; readonly reader?: Reader | undefined },
): Promise<ReportView> {
  const { dataset } = contract;
  const own = await ownAsOf(effects, contract, asOf);
  await createLakeViews(engine, effects, tableName('gold', dataset), own, {
    isExact: true,
    reader,
    dataset,
  });
  return { engine, contract };
}

const monthSql = ({ partitionColumn }: GoldContract): string =>
  `strftime(${identifier(partitionColumn)}, '%Y-%m')`;

/** The condition that a row of a Gold table is of a month (`YYYY-MM`), or any. */
const inMonth = (contract: GoldContract, month: string | undefined): string =>
  month === undefined ? 'true' : `${monthSql(contract)} = ${literal(month)}`;

/** The months that a report has, newest first, with how many rows each has. */
export async function reportMonths({
  engine,
  contract,
}: ReportView): Promise<readonly { readonly month: string; readonly rows: number }[]> {
  const rows = await engine.rows(
    `SELECT ${monthSql(contract)} AS month, count(*) AS n FROM ${tableName('gold', contract.dataset)} GROUP BY ALL HAVING month IS NOT NULL ORDER BY month DESC`,
  );
  return rows.map((row) => ({ month: textOf(row, 'month'), rows: integerOf(row, 'n') }));
}

/** Some rows of a report, of one month or all, by month and key. */
export async function reportRows(
  { engine, contract }: ReportView,
  {
    month,
    from,
    limit,
  }: { readonly month: string | undefined; readonly from: number; readonly limit: number },
): Promise<SqlResult> {
  const { partitionColumn: at, key, dataset } = contract;
  const order = [at, ...key.filter((name) => name !== at)].map(identifier).join(', ');
  return await engine.result(
    `SELECT * FROM ${tableName('gold', dataset)} WHERE ${inMonth(contract, month)} ORDER BY ${order} LIMIT ${limit} OFFSET ${from}`,
  );
}

/** A sum of a measure in a month, of one value of each dimension: exact, as text. */
export interface SeriesPoint {
  readonly month: string;
  /** The dimensions' values, in their order; null for NULL. */
  readonly by: readonly (string | null)[];
  readonly value: string;
}

/** The sums of a measure by month and by some dimensions, of the series with the greatest totals, by month. */
export async function reportSeries(
  { engine, contract }: ReportView,
  { measure, by, most }: { readonly measure: string; readonly by: readonly string[]; readonly most: number },
): Promise<{ readonly points: readonly SeriesPoint[]; readonly seriesCount: number }> {
  const table = tableName('gold', contract.dataset);
  const value = identifier(measure);
  const dims = by.map((name) => `CAST(${identifier(name)} AS VARCHAR)`);
  const list = dims.length === 0 ? 'CAST([] AS VARCHAR[])' : `[${dims.join(', ')}]`;
  const rows = await engine.rows(
    `WITH sums AS (SELECT ${monthSql(contract)} AS month, ${list} AS dims, sum(${value}) AS total FROM ${table} WHERE ${value} IS NOT NULL GROUP BY ALL),
       ranked AS (SELECT dims, row_number() OVER (ORDER BY sum(abs(CAST(total AS DOUBLE))) DESC, dims) AS place FROM sums GROUP BY dims)
     SELECT month, CAST(to_json(dims) AS VARCHAR) AS dims, CAST(total AS VARCHAR) AS total, (SELECT count(*) FROM ranked) AS series
     FROM sums JOIN ranked USING (dims) WHERE place <= ${most} AND month IS NOT NULL ORDER BY place, month`,
  );
  const pointOf = (row: SqlRow): SeriesPoint => ({
    month: textOf(row, 'month'),
    by: JSON.parse(textOf(row, 'dims')) as SeriesPoint['by'],
    value: textOf(row, 'total'),
  });
  const [first] = rows;
  return { points: rows.map(pointOf), seriesCount: first === undefined ? 0 : integerOf(first, 'series') };
}
