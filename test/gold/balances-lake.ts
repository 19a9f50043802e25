import { createHash } from 'node:crypto';
import { DuckDBInstance } from '@duckdb/node-api';
import type { Effects } from '../../etl/ports.ts';
import { type ColumnText, contractText, NO_LIMITS } from '../stages/contract-text.ts';
import { type TestLake, testLake } from '../stages/harness.ts';
import { type CountingStores, countingStores } from '../support/counting-stores.ts';

export const ENTRIES = 'shop.entries';
export const BALANCES = 'shop.balances';

/** An entry of an account, which takes the place of the one with its id. */
export interface Entry {
  readonly id: number;
  readonly account: string;
  /** From 1, of 2023 and on. */
  readonly month: number;
  readonly cents: number;
}

const source = contractText({
  dataset: ENTRIES,
  columns: [
    { name: 'id', key: true },
    { name: 'account', required: true },
    { name: 'booked_on', type: 'date', required: true },
    { name: 'amount', type: 'number', physicalType: 'DECIMAL(18,2)', required: true },
  ],
  partitionColumn: 'booked_on',
  assay: { limits: NO_LIMITS, duplicates: 'replace' },
});

/** The contract of the balances, with other properties of Assay where they are given. */
export const balancesContract = (
  assay: Readonly<Record<string, unknown>> = {},
  isMonthKey = true,
  more: readonly ColumnText[] = [],
): string =>
  contractText({
    dataset: BALANCES,
    columns: [
      { name: 'account', key: true },
      { name: 'month', type: 'date', required: true, key: isMonthKey },
      { name: 'balance', type: 'number', physicalType: 'DECIMAL(38,2)', required: true },
      { name: 'entries', type: 'integer', required: true },
      ...more,
    ],
    partitionColumn: 'month',
    assay: {
      layer: 'gold',
      sql: 'shop/balances.sql',
      inputs: [ENTRIES],
      affects: 'month-and-later',
      carry: true,
      ...assay,
    },
  });

export const BALANCES_SQL = `SELECT account, {{from_month}} AS month, CAST(SUM(amount) AS DECIMAL(38, 2)) AS balance, CAST(SUM(n) AS BIGINT) AS entries
FROM (
  SELECT account, balance AS amount, entries AS n FROM {{carry}}
  UNION ALL
  SELECT account, amount, 1 AS n FROM silver.shop_entries
  WHERE booked_on >= {{from_month}} AND booked_on < CAST({{to_month}} + INTERVAL '1' MONTH AS DATE)
) AS all_entries
GROUP BY account`;

/** A lake with entries and balances that are carried, and what counts the calls of its stores. */
export async function balancesLake(
  wrap: (effects: Effects) => Effects = (effects) => effects,
): Promise<{ readonly lake: TestLake; readonly stores: CountingStores }> {
  let stores: CountingStores | undefined;
  const lake = await testLake({
    contracts: [source, balancesContract()],
    sql: { 'shop/balances.sql': BALANCES_SQL },
    wrap: (effects) => {
      stores = countingStores(effects.objects, effects.data);
      return wrap({ ...effects, objects: stores.objects, data: stores.data });
    },
  });
  if (stores === undefined) throw new Error('nothing was wrapped');
  return { lake, stores };
}

/** `13` → `2024-01`. */
export const monthText = (month: number): string =>
  `${2023 + Math.floor((month - 1) / 12)}-${String(((month - 1) % 12) + 1).padStart(2, '0')}`;

/** A file of entries. */
export const entriesFile = (entries: readonly Entry[]): string =>
  `id,account,booked_on,amount\n${entries
    .map(
      ({ id, account, month, cents }) =>
        `${String(id).padStart(6, '0')},${account},${monthText(month)}-15,${(cents / 100).toFixed(2)}\n`,
    )
    .join('')}`;

/** Rows of the published balances as text, in order: `2023-01 a 1.50 2`. */
export async function published(lake: TestLake): Promise<string[]> {
  const rows = await lake.gold(BALANCES);
  return rows
    .map(
      ({ month, account, balance, entries }) =>
        `${String(month).slice(0, 7)} ${account} ${Number(balance).toFixed(2)} ${entries}`,
    )
    .sort();
}

/**
 * What the balances must be, up to a month (`YYYY-MM`): made at once from Silver's Parquet, by plain DuckDB and SQL that
 * carries nothing.
 */
export async function madeAtOnce(lake: TestLake, last: string): Promise<string[]> {
  const rows = await lake.rows('silver');
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  try {
    await connection.run('CREATE TABLE e (account VARCHAR, booked_on DATE, amount DECIMAL(18,2))');
    for (const { account, booked_on: day, amount } of rows)
      await connection.run(
        `INSERT INTO e VALUES ('${account}', DATE '${String(day)}', ${Number(amount).toFixed(2)})`,
      );
    const found = await connection.runAndReadAll(
      `SELECT strftime(m.month, '%Y-%m') || ' ' || account || ' ' || CAST(CAST(sum(amount) AS DECIMAL(18,2)) AS VARCHAR) || ' ' || count(*)
       FROM e JOIN (SELECT CAST(generate_series AS DATE) AS month FROM generate_series(DATE '2023-01-01', DATE '${last}-01', INTERVAL 1 MONTH)) AS m
         ON e.booked_on < m.month + INTERVAL 1 MONTH
       GROUP BY m.month, account`,
    );
    return found
      .getRowsJson()
      .map(([text]) => String(text))
      .sort();
  } finally {
    connection.closeSync();
  }
}

/** SHA-256 of rows as text. */
export const digestOf = (rows: readonly string[]): string =>
  createHash('sha256').update(rows.join('\n')).digest('hex');

/** Months of Silver's files that were handed to DuckDB since the calls were counted anew. */
export const monthsRead = ({ calls }: CountingStores): string[] =>
  [
    ...new Set(
      calls.flatMap(({ call, key }) => {
        const found = /^silver\/shop\/entries\/.*year=(\d+)\/month=(\d+)\//.exec(key);
        return call === 'localPath' && found !== null ? [`${found[1]}-${found[2]}`] : [];
      }),
    ),
  ].sort();
