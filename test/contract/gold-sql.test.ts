import { readFileSync } from 'node:fs';
import type { DuckDBConnection } from '@duckdb/node-api';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { duckType } from '../../etl/contract/duck-type.ts';
import { parseContract } from '../../etl/contract/parse-contract.ts';
import { forMonths, openDatabase, type Row, rowsOf } from './duckdb.ts';

const sqlOf = (name: string): string => readFileSync(`sql/gold/${name}.sql`, 'utf8');
const months = Array.from(
  { length: 30 },
  (_, i) => `${2023 + Math.floor(i / 12)}-${String((i % 12) + 1).padStart(2, '0')}`,
);
const between = (from: string, to: string): string[] =>
  months.filter((month) => month >= from && month <= to);

/** A database with one Silver table whose columns are those of a shipped contract. */
async function silver(contract: string, table: string, rows: readonly Row[]): Promise<DuckDBConnection> {
  const { columns } = parseContract(contract, readFileSync(`contracts/${contract}.yaml`, 'utf8'));
  const connection = await openDatabase();
  await connection.run(
    `CREATE TABLE silver.${table} (${columns.map(({ name, type }) => `"${name}" ${duckType(type)}`).join(', ')})`,
  );
  for (const row of rows) {
    const [names, values] = [
      Object.keys(row),
      Object.values(row).map((value) => `'${value.replaceAll("'", "''")}'`),
    ];
    await connection.run(`INSERT INTO silver.${table} (${names.join(', ')}) VALUES (${values.join(', ')})`);
  }
  return connection;
}

const transaction = (
  account_id: string,
  transaction_timestamp: string,
  amount: string,
  currency = 'GBP',
): Row => ({
  transaction_id: 't',
  account_id,
  amount,
  currency,
  transaction_timestamp,
});
const transactions = (rows: readonly Row[]) =>
  silver('mortgages/transactions', 'mortgages_transactions', rows);

/** Balances of the months `from` to `to`, made month by month from the first that has any, each from the one before. */
async function balances(connection: DuckDBConnection, from: string, to: string): Promise<string[]> {
  const sql = sqlOf('finance/account_balances').replaceAll('{{carry}}', 'carried');
  await connection.run(
    'CREATE OR REPLACE TABLE carried (account_id VARCHAR, currency VARCHAR, as_of_month DATE, balance DECIMAL(38,2))',
  );
  const [row] = await rowsOf(
    connection,
    "SELECT strftime(min(transaction_timestamp) AT TIME ZONE 'UTC', '%Y-%m') AS first FROM silver.mortgages_transactions",
  );
  const found: string[] = [];
  for (const month of monthsOf(row?.first ?? from, to)) {
    await connection.run(`CREATE OR REPLACE TABLE carried AS ${forMonths(sql, month, month)}`);
    const rows = month < from ? [] : await rowsOf(connection, 'FROM carried');
    found.push(...rows.map((one) => `${one.account_id} ${one.currency} ${one.as_of_month} ${one.balance}`));
  }
  return found.sort();
}

function monthsOf(first: string, last: string): string[] {
  const index = (month: string): number => Number(month.slice(0, 4)) * 12 + Number(month.slice(5)) - 1;
  return Array.from({ length: Math.max(0, index(last) - index(first) + 1) }, (_, n) => {
    const month = index(first) + n;
    return `${Math.floor(month / 12)}-${String((month % 12) + 1).padStart(2, '0')}`;
  });
}

describe('finance.account_balances', () => {
  test('carries balances forward over months without transactions, up to the last month asked for', async () => {
    const connection = await transactions([
      transaction('a', '2024-01-10 12:00:00+00', '100.10'),
      transaction('a', '2024-03-10 12:00:00+00', '-40.05'),
    ]);
    expect(await balances(connection, '2024-01', '2024-05')).toEqual([
      'a GBP 2024-01-01 100.10',
      'a GBP 2024-02-01 100.10',
      'a GBP 2024-03-01 60.05',
      'a GBP 2024-04-01 60.05',
      'a GBP 2024-05-01 60.05',
    ]);
  });

  test('begins with what was booked before the window', async () => {
    const connection = await transactions([
      transaction('a', '2022-05-01 00:00:00+00', '10'),
      transaction('a', '2023-12-31 23:59:59+00', '5'),
      transaction('a', '2024-02-01 00:00:00+00', '1'),
      transaction('a', '2024-04-01 00:00:00+00', '1000'),
    ]);
    expect(await balances(connection, '2024-01', '2024-03')).toEqual([
      'a GBP 2024-01-01 15.00',
      'a GBP 2024-02-01 16.00',
      'a GBP 2024-03-01 16.00',
    ]);
  });

  test('has no row before an account’s first transaction, and none for a later account', async () => {
    const connection = await transactions([
      transaction('a', '2024-02-05 00:00:00+00', '1'),
      transaction('b', '2024-04-05 00:00:00+00', '1'),
    ]);
    expect(await balances(connection, '2024-01', '2024-03')).toEqual([
      'a GBP 2024-02-01 1.00',
      'a GBP 2024-03-01 1.00',
    ]);
  });

  test('keeps currencies apart and a balance of nothing', async () => {
    const connection = await transactions([
      transaction('a', '2024-01-05 00:00:00+00', '7', 'GBP'),
      transaction('a', '2024-01-06 00:00:00+00', '-7', 'GBP'),
      transaction('a', '2024-02-06 00:00:00+00', '-2.50', 'EUR'),
    ]);
    expect(await balances(connection, '2024-01', '2024-02')).toEqual([
      'a EUR 2024-02-01 -2.50',
      'a GBP 2024-01-01 0.00',
      'a GBP 2024-02-01 0.00',
    ]);
  });

  test('books a transaction in its UTC month', async () => {
    const connection = await transactions([
      transaction('a', '2024-01-31 23:30:00+00', '1'),
      transaction('a', '2024-02-01 00:30:00+01:00', '2'),
      transaction('a', '2024-02-01 00:00:00+00', '4'),
    ]);
    expect(await balances(connection, '2024-01', '2024-02')).toEqual([
      'a GBP 2024-01-01 3.00',
      'a GBP 2024-02-01 7.00',
    ]);
  });

  test('sums more than DECIMAL(18,2) holds, over decades', async () => {
    const connection = await transactions([
      transaction('a', '1990-01-01 00:00:00+00', '9999999999999999.99'),
      transaction('a', '1990-01-02 00:00:00+00', '9999999999999999.99'),
    ]);
    const rows = await balances(connection, '1980-01', '2009-12');
    expect(rows).toHaveLength(240);
    expect(rows.at(-1)).toBe('a GBP 2009-12-01 19999999999999999.98');
  });
});

const month = fc.constantFrom(...months);
const booking = fc.record({
  account: fc.constantFrom('a', 'b', 'c'),
  month,
  day: fc.integer({ min: 1, max: 28 }),
  pence: fc.integer({ min: -100_000, max: 100_000 }),
  other: fc.constantFrom('GBP', 'EUR'),
});

describe('a window of months', () => {
  test('gives the balances of a plain loop, month by month', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(booking, { maxLength: 12 }), month, month, async (bookings, one, two) => {
        const [from, to] = one <= two ? [one, two] : [two, one];
        const time = (m: string, day: number): string => `${m}-${String(day).padStart(2, '0')} 12:00:00+00`;
        const connection = await transactions(
          bookings.map((b) =>
            transaction(b.account, time(b.month, b.day), (b.pence / 100).toFixed(2), b.other),
          ),
        );
        const found = await balances(connection, from, to);
        const expected = between(from, to).flatMap((m) => {
          const until = bookings.filter((b) => b.month <= m);
          return [...new Set(until.map((b) => `${b.account} ${b.other}`))].map((account) => {
            const own = until.filter((b) => `${b.account} ${b.other}` === account);
            return `${account} ${m}-01 ${(own.reduce((sum, b) => sum + b.pence, 0) / 100).toFixed(2)}`;
          });
        });
        expect(found).toEqual(expected.sort());
      }),
      { numRuns: 12 },
    );
  });

  test.each(['spend/monthly_totals', 'spend/monthly_by_supplier'])(
    '%s is the same month by month as at once',
    async (name) => {
      const connection = await silver('spend/council_payments', 'spend_council_payments', PAYMENTS);
      const rows = (from: string, to: string) => rowsOf(connection, forMonths(sqlOf(name), from, to));
      const once = await rows('2024-01', '2024-06');
      const single: Row[] = [];
      for (const m of between('2024-01', '2024-06')) single.push(...(await rows(m, m)));
      const sorted = (list: readonly Row[]): string[] => list.map((row) => JSON.stringify(row)).sort();
      expect(sorted(single)).toEqual(sorted(once));
      expect(
        once.every(
          (row) => (row.as_of_month ?? '') >= '2024-01-01' && (row.as_of_month ?? '') <= '2024-06-01',
        ),
      ).toBe(true);
    },
  );
});

const payment = (
  payment_date: string,
  supplier_name: string,
  net_amount: string,
  capital_or_revenue?: string,
): Row => ({
  payment_date,
  supplier_name,
  net_amount,
  transaction_number: 'n',
  ...(capital_or_revenue === undefined ? {} : { capital_or_revenue }),
});
const PAYMENTS: readonly Row[] = [
  payment('2023-12-31', 'A', '1', 'R'),
  payment('2024-01-01', 'A', '10.50', 'R'),
  payment('2024-01-31', 'A', '-0.25', 'C'),
  payment('2024-01-31', 'B', '3'),
  payment('2024-03-31', 'B', '4', 'C'),
  payment('2024-06-30', 'B', '5', 'R'),
  payment('2024-07-01', 'B', '6', 'R'),
];

describe('spend', () => {
  test('monthly_totals sums payments by month and kind', async () => {
    const connection = await silver('spend/council_payments', 'spend_council_payments', PAYMENTS);
    const rows = await rowsOf(connection, forMonths(sqlOf('spend/monthly_totals'), '2024-01', '2024-03'));
    expect(rows.map((row) => Object.values(row).join(' ')).sort()).toEqual([
      '2024-01-01 3 2 13.25 10.50 -0.25',
      '2024-03-01 1 1 4.00 0.00 4.00',
    ]);
  });

  test('monthly_by_supplier sums payments by month and supplier', async () => {
    const connection = await silver('spend/council_payments', 'spend_council_payments', PAYMENTS);
    const rows = await rowsOf(
      connection,
      forMonths(sqlOf('spend/monthly_by_supplier'), '2024-01', '2024-03'),
    );
    expect(rows.map((row) => Object.values(row).join(' ')).sort()).toEqual([
      '2024-01-01 A 2 10.25',
      '2024-01-01 B 1 3.00',
      '2024-03-01 B 1 4.00',
    ]);
  });
});

test.each(['finance/account_balances', 'spend/monthly_totals', 'spend/monthly_by_supplier'])(
  'the columns of %s are those of its contract, in order and type',
  async (name) => {
    const contract = parseContract(name, readFileSync(`contracts/${name}.yaml`, 'utf8'));
    const connection = name.startsWith('spend')
      ? await silver('spend/council_payments', 'spend_council_payments', [])
      : await transactions([]);
    const sql = sqlOf(name).replaceAll('{{carry}}', 'carried');
    await connection.run(
      'CREATE TABLE carried (account_id VARCHAR, currency VARCHAR, as_of_month DATE, balance DECIMAL(38,2))',
    );
    const described = await rowsOf(connection, `DESCRIBE ${forMonths(sql, '2024-01', '2024-02')}`);
    const types = contract.columns.map(({ name: column, type }) => `${column} ${duckType(type)}`);
    expect(described.map((row) => `${row.column_name} ${row.column_type}`)).toEqual(
      types.map((type) => type.replace('TIMESTAMPTZ', 'TIMESTAMP WITH TIME ZONE')),
    );
  },
);
