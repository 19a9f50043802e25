import { readFileSync } from 'node:fs';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Contract, GoldContract } from '../../etl/contract/contract.ts';
import { parseContract } from '../../etl/contract/parse-contract.ts';
import { type Engine, openEngine } from '../../etl/engine/engine.ts';
import { bindMonths } from '../../etl/gold/bind-months.ts';
import { portableGold } from '../../etl/gold/gold-on-sets.ts';
import { PORTABLE_GOLD } from '../scale/support/portable-gold.ts';
import { contractText } from '../stages/contract-text.ts';

/** Gold SQL as other engines are given it is printed anew: what is printed gives the rows of what was written. */

const SALES = parseContract(
  'sales.yaml',
  contractText({
    dataset: 'shop.sales',
    partitionColumn: 'sold_on',
    columns: [
      { name: 'id', type: 'integer', key: true },
      { name: 'shop' },
      { name: 'sold_on', type: 'date', required: true },
      { name: 'sold_at', type: 'timestamp' },
      { name: 'amount', type: 'number', physicalType: 'DECIMAL(18,2)' },
      { name: 'weight', type: 'number', physicalType: 'DOUBLE' },
      { name: 'paid', type: 'boolean' },
    ],
  }),
);
const SHOPS = parseContract(
  'shops.yaml',
  contractText({
    dataset: 'shop.shops',
    partitionColumn: 'opened_on',
    columns: [
      { name: 'shop', key: true },
      { name: 'town' },
      { name: 'opened_on', type: 'date', required: true },
    ],
  }),
);
const gold = (assay: Readonly<Record<string, unknown>> = {}, total = 'DECIMAL(38,2)'): GoldContract =>
  parseContract(
    'gold.yaml',
    contractText({
      dataset: 'shop.gold',
      partitionColumn: 'month',
      columns: [
        { name: 'month', type: 'date', required: true, key: true },
        { name: 'name', key: true },
        { name: 'total', type: 'number', physicalType: total },
      ],
      assay: {
        layer: 'gold',
        sql: 'shop/gold.sql',
        inputs: ['shop.sales', 'shop.shops'],
        affects: 'month-and-later',
        ...assay,
      },
    }),
  ) as GoldContract;
const CONTRACTS: ReadonlyMap<string, Contract> = new Map([SALES, SHOPS].map((one) => [one.dataset, one]));
const RANGE = { from: 648, to: 650 };

let engine: Engine;
let plain: DuckDBConnection;
beforeAll(async () => {
  engine = await openEngine({ memoryLimitMb: 200, threads: 1 });
  plain = await (await DuckDBInstance.create(':memory:')).connect();
  await plain.run(`SET TimeZone = 'UTC'; CREATE SCHEMA silver;
    CREATE TABLE silver.shop_sales AS SELECT * FROM (VALUES
      (1, 'a', DATE '2024-01-31', TIMESTAMPTZ '2024-01-31 23:59:59.999999+00', 1.50::DECIMAL(18,2), 0.5::DOUBLE, true),
      (2, 'a', DATE '2024-02-29', TIMESTAMPTZ '2024-02-29 00:00:00+01', -2.25, 1, false),
      (3, 'it''s', DATE '2024-03-01', NULL, NULL, 2, NULL), (4, NULL, DATE '2024-03-31', TIMESTAMPTZ '2024-03-31 12:00:00+00', 100, 3, true),
      (5, 'b', DATE '2023-12-31', NULL, 7, 3, true), (6, 'b', DATE '2024-04-01', NULL, 9, 3, true), (7, 'b', DATE '2024-02-01', NULL, 0, 3, true))
      AS r(id, shop, sold_on, sold_at, amount, weight, paid);
    CREATE TABLE silver.shop_shops AS SELECT * FROM (VALUES ('a', 'Leeds', DATE '2010-05-01'), ('b', NULL, DATE '2011-05-01'), ('c', 'York', DATE '2011-05-02')) AS r(shop, town, opened_on);
    CREATE VIEW shop_sales AS FROM silver.shop_sales; CREATE VIEW shop_shops AS FROM silver.shop_shops`);
});
afterAll(() => engine.close());

const rowsOf = async (sql: string): Promise<unknown> =>
  (
    await plain.runAndReadAll(
      `SELECT CAST(month AS DATE)::VARCHAR, name::VARCHAR, total::DECIMAL(38,2)::VARCHAR FROM (${sql}\n) ORDER BY ALL`,
    )
  ).getRowsJson();

describe('what every engine reads', () => {
  test.each(Object.entries(PORTABLE_GOLD))('%s', async (_, sql) => {
    const found = await portableGold(engine, gold(), { sql, contracts: CONTRACTS, range: RANGE });
    if (found.kind === 'other') throw new Error(found.why);
    expect(found.sql).not.toMatch(/silver|to_months|timezone\(/);
    const right = await rowsOf(bindMonths(sql, RANGE));
    expect(right).not.toEqual([]);
    expect(await rowsOf(found.sql)).toEqual(right);
  });

  test.each([
    ['spend/monthly_by_supplier', 'spend/council_payments', 'portable'],
    ['spend/monthly_totals', 'spend/council_payments', 'portable'],
    ['finance/account_balances', 'mortgages/transactions', 'other'],
  ])('%s of the shipped ones', async (name, input, kind) => {
    const read = (one: string): Contract =>
      parseContract(`${one}.yaml`, readFileSync(`contracts/${one}.yaml`, 'utf8'));
    const source = read(input);
    const sql = readFileSync(`sql/gold/${name}.sql`, 'utf8');
    const contracts = new Map([[source.dataset, source]]);
    expect((await portableGold(engine, read(name) as GoldContract, { sql, contracts })).kind).toBe(kind);
  });
});

const S = 'silver.shop_sales';
const M = '{{from_month}} AS month';

describe('what DuckDB alone computes, and why', () => {
  test.each<[string, string]>([
    [
      `SELECT ${M}, shop AS name, sum(amount) AS total FROM ${S} GROUP BY shop`,
      "it calls 'sum' without a cast around it",
    ],
    [
      `SELECT ${M}, shop AS name, amount AS total FROM ${S} UNION ALL SELECT ${M}, 'x', CAST(1 AS DECIMAL(38, 1))`,
      'its decimals have 1 and 2 digits behind the point',
    ],
    [
      `SELECT ${M}, shop AS name, amount AS total FROM ${S} WHERE amount > 0.005`,
      'a constant has 3 digits behind the point',
    ],
    [`SELECT ${M}, shop AS name, amount * amount AS total FROM ${S}`, 'it multiplies by something else'],
    [`SELECT ${M}, shop AS name, avg(amount) AS total FROM ${S} GROUP BY shop`, "it calls 'avg'"],
    [`SELECT ${M}, shop AS name, amount / 2 AS total FROM ${S}`, "it calls '/'"],
    [
      `SELECT ${M}, shop AS name, max(weight) AS total FROM ${S} GROUP BY shop`,
      'the column weight is of a type',
    ],
    [`SELECT ${M}, shop AS name, CAST(amount AS DOUBLE) AS total FROM ${S}`, 'it casts to DOUBLE'],
    [`SELECT ${M}, CAST(id AS VARCHAR) AS name, amount AS total FROM ${S}`, 'it casts to VARCHAR'],
    [
      `SELECT ${M}, shop AS name, amount AS total FROM ${S} WHERE sold_at = CAST(sold_at AS TIMESTAMP WITH TIME ZONE)`,
      'it casts to TIMESTAMP WITH TIME ZONE',
    ],
    [`SELECT ${M}, upper(shop) AS name, amount AS total FROM ${S}`, "it calls 'upper'"],
    [`SELECT ${M}, concat(shop, 'x') AS name, amount AS total FROM ${S}`, "it calls 'concat'"],
    [`SELECT ${M}, shop AS name, greatest(amount, 1) AS total FROM ${S}`, "it calls 'greatest'"],
    [`SELECT ${M}, max_by(shop, amount) AS name, 1 AS total FROM ${S}`, "it calls 'max_by'"],
    [`SELECT ${M}, shop AS name, sum(amount) OVER (PARTITION BY shop) AS total FROM ${S}`, 'it has a window'],
    [`SELECT ${M}, shop AS name, amount AS total FROM ${S} ORDER BY id LIMIT 1`, 'it has ORDER BY, LIMIT'],
    [
      `SELECT ${M}, s.shop AS name, amount AS total FROM ${S} AS s JOIN silver.shop_shops USING (shop)`,
      'it joins by USING',
    ],
    [
      `SELECT ${M}, shop AS name, amount AS total FROM ${S} WHERE sold_at AT TIME ZONE 'UTC' > {{from_month}}`,
      "it calls 'timezone'",
    ],
    [
      `SELECT ${M}, shop AS name, date_diff('day', sold_on, {{to_month}}) AS total FROM ${S}`,
      "it calls 'date_diff'",
    ],
    [`SELECT ${M}, * EXCLUDE (sold_on), shop AS name, amount AS total FROM ${S}`, 'it has a * with EXCLUDE'],
  ])('%s', async (sql, why) => {
    const found = await portableGold(engine, gold(), { sql, contracts: CONTRACTS });
    expect(found).toEqual({ kind: 'other', why: expect.stringContaining(why) });
  });

  test('a table that carries, one with a purpose, and one with a DOUBLE', async () => {
    const sql = `SELECT ${M}, shop AS name, amount AS total FROM ${S}`;
    const why = async (contract: GoldContract): Promise<unknown> => {
      const found = await portableGold(engine, contract, { sql, contracts: CONTRACTS });
      return found.kind === 'other' ? found.why : found.sql;
    };
    expect(await why(gold({ carry: true }))).toContain('it carries its month before');
    expect(await why(gold({ purpose: 'marketing' }))).toContain('those who consent');
    expect(await why(gold({}, 'DOUBLE'))).toContain('its column total is a DOUBLE');
  });
});
