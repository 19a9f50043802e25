import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { ASSAY_PROPERTIES } from '../../etl/contract/custom-properties.ts';
import { duckType } from '../../etl/contract/duck-type.ts';
import { normaliseHeader } from '../../etl/contract/header.ts';
import { loadContracts } from '../../etl/contract/load-contracts.ts';
import { DEFAULT_LIMITS } from '../../etl/contract/read-settings.ts';
import { forMonths, openDatabase, rowsOf } from './duckdb.ts';

const page = readFileSync('docs/contracts.md', 'utf8');
const blocks = [...page.matchAll(/^```(\w+)\n(?:(?:#|--) (\S+)\n)?([\s\S]*?)^```$/gm)].map(
  ([, kind, file, text = '']) => ({
    kind,
    file: file ?? '',
    text,
  }),
);
const files = new Map(blocks.map(({ file, text }) => [file, text]));
const csv = (blocks.find(({ kind }) => kind === 'csv')?.text ?? '').trim().split('\n');

const loaded = await loadContracts({
  list: async () =>
    [...files].filter(([file]) => file.endsWith('.yaml')).map(([file, text]) => ({ file, text })),
  projection: async (file) => ({ file, text: '' }),
  sql: async (name) => files.get(`sql/gold/${name}`) ?? '',
});

describe('docs/contracts.md', () => {
  test('shows two contracts that are right and an SQL file', () => {
    expect(loaded.problems).toEqual([]);
    expect([...loaded.contracts.keys()]).toEqual(['shop.monthly_sales', 'shop.orders']);
    expect(files.has('sql/gold/shop/monthly_sales.sql')).toBe(true);
  });

  test('shows a file with exactly the headers of its contract', () => {
    const spellings = loaded.contracts
      .get('shop.orders')
      ?.columns.map(({ headers }) => headers.map(normaliseHeader));
    const headers = (csv[0] ?? '').split(',').map(normaliseHeader);
    expect(spellings?.map((known) => headers.filter((header) => known.includes(header)).length)).toEqual([
      1, 1, 1, 1, 1, 1,
    ]);
  });

  test('shows the rows that its Gold SQL gives', async () => {
    const columns = loaded.contracts.get('shop.orders')?.columns ?? [];
    const connection = await openDatabase();
    await connection.run(
      `CREATE TABLE silver.shop_orders (${columns.map(({ name, type }) => `${name} ${duckType(type)}`).join(', ')})`,
    );
    for (const line of csv.slice(1)) {
      const [no, day = '', who, total = '', currency, state] = line
        .replace(/"([^"]*)"/, (_, inner: string) => inner.replace(',', ''))
        .split(',');
      const amount = total.startsWith('(') ? `-${total.slice(1, -1)}` : total.replace('£', '');
      const date = day.split('/').reverse().join('-');
      await connection.run(
        `INSERT INTO silver.shop_orders VALUES (${no}, '${date}', '${who}', ${amount}, '${currency}', '${state}')`,
      );
    }
    const sql = files.get('sql/gold/shop/monthly_sales.sql') ?? '';
    const rows = await rowsOf(connection, `${forMonths(sql, '2024-01', '2024-12')} ORDER BY 1, 2`);
    const shown = [...page.matchAll(/^\| (\d{4}-\d\d-01) \| (\w+) \| (\d+) \| (\S+) \|$/gm)].map((match) =>
      match.slice(1),
    );
    expect(rows.map((row) => Object.values(row))).toEqual(shown);
    const [rule] = loaded.contracts.get('shop.orders')?.rules ?? [];
    expect(
      await rowsOf(connection, `SELECT 1 AS x FROM silver.shop_orders WHERE NOT (${rule?.expression})`),
    ).toEqual([]);
  });

  test('has every property of Assay and every limit with its default', () => {
    for (const name of Object.keys(ASSAY_PROPERTIES)) expect(page).toContain(`\n| \`${name}\` | `);
    for (const [name, value] of Object.entries(DEFAULT_LIMITS))
      expect(page).toContain(`\n| \`${name}\` | \`${value}\` | `);
  });
});
