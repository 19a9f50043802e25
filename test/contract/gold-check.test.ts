import { readFileSync } from 'node:fs';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Contract, GoldContract } from '../../etl/contract/contract.ts';
import { parseContract } from '../../etl/contract/parse-contract.ts';
import { type Engine, openEngine } from '../../etl/engine/engine.ts';
import { bindMonths } from '../../etl/gold/bind-months.ts';
import { checkGold } from '../../etl/gold/check-gold.ts';
import { checkedGoldSql } from '../../etl/gold/check-gold-sql.ts';
import { GOLD_FUNCTIONS } from '../../etl/gold/gold-functions.ts';
import { contractText } from '../stages/contract-text.ts';

const PAYMENTS = parseContract(
  'payments.yaml',
  contractText({
    dataset: 'shop.payments',
    partitionColumn: 'paid_on',
    columns: [
      { name: 'id', key: true },
      { name: 'paid_on', type: 'date', required: true },
      { name: 'amount', type: 'number', physicalType: 'DECIMAL(18,2)' },
      { name: 'dept' },
    ],
  }),
);

const GOLD = parseContract(
  'totals.yaml',
  contractText({
    dataset: 'shop.totals',
    partitionColumn: 'month',
    columns: [
      { name: 'month', type: 'date', key: true },
      { name: 'total', type: 'number', physicalType: 'DECIMAL(38,2)' },
    ],
    assay: { layer: 'gold', sql: 'shop/totals.sql', inputs: ['shop.payments'], affects: 'same-month' },
  }),
) as GoldContract;

const CONTRACTS: ReadonlyMap<string, Contract> = new Map([PAYMENTS, GOLD].map((one) => [one.dataset, one]));
const HONEST = `SELECT CAST(date_trunc('month', paid_on) AS DATE) AS month, SUM(amount) AS total FROM silver.shop_payments
  WHERE paid_on >= {{from_month}} AND paid_on < {{to_month}} + INTERVAL '1' MONTH GROUP BY 1`;

let engine: Engine;
let plain: DuckDBConnection;
beforeAll(async () => {
  engine = await openEngine({ memoryLimitMb: 200, threads: 1 });
  plain = await (await DuckDBInstance.create(':memory:')).connect();
  await plain.run(`CREATE SCHEMA silver; CREATE TABLE silver.shop_payments AS SELECT * FROM (VALUES
    ('1', DATE '2023-12-31', 10.50::DECIMAL(18,2), 'HR'), ('2', DATE '2024-01-01', -3, ''), ('3', DATE '2024-01-31', NULL, 'it''s -- fine'),
    ('4', DATE '2024-02-29', 0, 'HR'), ('5', DATE '2024-03-01', 99999999.99, NULL)) AS r(id, paid_on, amount, dept)`);
});
afterAll(() => engine.close());

const months = { from: 648, to: 649 };
const inPlain = async (sql: string): Promise<unknown> =>
  (await plain.runAndReadAll(`SELECT COLUMNS(*)::VARCHAR FROM (${sql}\n) ORDER BY ALL`)).getRowsJson();

describe('one SELECT of the inputs', () => {
  test.each([
    HONEST,
    `-- by month\n${HONEST};\n-- the end`,
    `WITH p AS (SELECT * FROM silver.shop_payments), q (month, total) AS (SELECT paid_on, amount FROM p)
       SELECT month, SUM(total) OVER (ORDER BY month, total ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS total FROM q`,
    `SELECT {{from_month}} AS month, (SELECT MAX(amount) FROM silver.shop_payments WHERE dept IN ('HR', '')) AS total`,
    `SELECT d.month, COUNT(DISTINCT p.dept) FILTER (WHERE p.dept <> '') AS total
       FROM (VALUES ({{from_month}}), ({{to_month}})) AS d(month) LEFT JOIN silver.shop_payments AS p ON p.paid_on >= d.month GROUP BY d.month`,
    `SELECT paid_on AS month, amount AS total FROM silver.shop_payments WHERE amount > 0
       UNION ALL SELECT paid_on, -amount FROM SILVER.Shop_Payments WHERE NOT EXISTS (SELECT 1 FROM silver.shop_payments AS x WHERE x.id > '5')`,
    `SELECT paid_on AS month, CASE WHEN dept LIKE 'H%' THEN 1 WHEN dept BETWEEN 'a' AND 'z' THEN 2 ELSE EXTRACT(YEAR FROM paid_on) END AS total
       FROM silver.shop_payments ORDER BY amount DESC NULLS LAST, id LIMIT 3`,
    `SELECT paid_on AS month, ROW_NUMBER() OVER (PARTITION BY dept ORDER BY id) + COALESCE(LAG(amount, 1, 0) OVER (ORDER BY id), 0) AS total
       FROM silver.shop_payments`,
    `SELECT CAST(CAST(paid_on AS TIMESTAMP) AT TIME ZONE 'UTC' AS DATE) AS month, GREATEST(amount, 1.5, 123456789012345678901234567890) AS total FROM silver.shop_payments`,
  ])('gives what its text gives: %s', async (sql) => {
    await checkGold(engine, GOLD, { sql, contracts: CONTRACTS });
    const bound = bindMonths(sql, months);
    const checked = await checkedGoldSql(engine, GOLD, bound);
    expect(await inPlain(checked)).toEqual(await inPlain(bound.replace(/;\n-- the end$/, '')));
  });

  test.each([
    ['finance/account_balances', 'mortgages/transactions'],
    ['spend/monthly_by_supplier', 'spend/council_payments'],
    ['spend/monthly_totals', 'spend/council_payments'],
  ])('as that of %s is', async (name, input) => {
    const read = (one: string): Contract =>
      parseContract(`${one}.yaml`, readFileSync(`contracts/${one}.yaml`, 'utf8'));
    const [gold, source] = [read(name) as GoldContract, read(input)];
    const contracts = new Map([[source.dataset, source]]);
    const sql = readFileSync(`sql/gold/${name}.sql`, 'utf8');
    await expect(checkGold(engine, gold, { sql, contracts })).resolves.toBeUndefined();
  });
});

const SELECT = 'SELECT paid_on AS month, amount AS total FROM silver.shop_payments';

describe('anything else is refused', () => {
  test.each([
    ['SELEKT nonsense', 'is no SQL: syntax error at or near "SELEKT"'],
    ['', 'holds 0 statements'],
    ['-- nothing', 'holds 0 statements'],
    [`${SELECT}; ${SELECT}`, 'holds 2 statements'],
    [`${SELECT}; COPY (SELECT 1) TO '/tmp/x.csv'`, 'is not a SELECT that can be checked'],
    [`${SELECT}) AS result; COPY (SELECT 1) TO '/tmp/x.csv'; SELECT * FROM (SELECT 1`, 'is no SQL'],
    ["COPY (SELECT 1) TO '/tmp/x.csv'", 'is not a SELECT'],
    ['CREATE TABLE silver.x AS SELECT 1', 'is not a SELECT'],
    ['DROP SCHEMA silver', 'is not a SELECT'],
    ["ATTACH '/tmp/x.db'", 'is not a SELECT'],
    ['PIVOT silver.shop_payments ON dept USING sum(amount)', 'is not a SELECT'],
    ['DESCRIBE silver.shop_payments', 'has a show ref behind FROM'],
    ['SUMMARIZE silver.shop_payments', 'has a show ref behind FROM'],
    ['SHOW TABLES', 'has a show ref behind FROM'],
    ["SELECT * FROM 'file.csv'", "reads 'file.csv', which is no input"],
    ['SELECT * FROM "/etc/passwd"', "reads '/etc/passwd'"],
    ["SELECT * FROM 's3://bucket/a.parquet'", "reads 's3://bucket/a.parquet'"],
    ["SELECT * FROM read_csv('/etc/passwd')", "reads the table function 'read_csv'"],
    ["SELECT * FROM read_text('/etc/passwd')", "reads the table function 'read_text'"],
    ["SELECT * FROM glob('/*')", "reads the table function 'glob'"],
    ["SELECT * FROM query('SELECT 1')", "reads the table function 'query'"],
    ["SELECT * FROM query_table('silver.shop_payments')", "reads the table function 'query_table'"],
    ['SELECT * FROM range(10)', "reads the table function 'range'"],
    ['SELECT * FROM duckdb_settings()', "reads the table function 'duckdb_settings'"],
    ['SELECT unnest([1, 2]) AS total', "calls 'unnest'"],
    [
      'SELECT * FROM silver.other',
      "reads 'silver.other', which is no input; it may read silver.shop_payments",
    ],
    ['SELECT * FROM quarantine.shop_payments', "reads 'quarantine.shop_payments'"],
    ['SELECT * FROM memory.silver.shop_payments', "reads 'memory.silver.shop_payments'"],
    ['SELECT * FROM shop_payments', "reads 'shop_payments'"],
    ['SELECT * FROM information_schema.tables', "reads 'information_schema.tables'"],
    ['SELECT * FROM duckdb_tables', "reads 'duckdb_tables'"],
    ['SELECT * FROM (SELECT * FROM (SELECT * FROM silver.other))', "reads 'silver.other'"],
    ['SELECT (SELECT max(x) FROM silver.other) AS total', "reads 'silver.other'"],
    [`${SELECT} WHERE id IN (SELECT id FROM silver.other)`, "reads 'silver.other'"],
    [`${SELECT} JOIN silver.other USING (id)`, "reads 'silver.other'"],
    [`${SELECT} UNION ALL SELECT * FROM silver.other`, "reads 'silver.other'"],
    ['WITH a AS (SELECT * FROM silver.other) SELECT * FROM a', "reads 'silver.other'"],
    ['WITH a AS (SELECT * FROM b), b AS (SELECT 1) SELECT * FROM a', "reads 'b'"],
    // A name that WITH gives in one place is a file in another.
    [
      `SELECT * FROM (WITH "a.csv" AS (SELECT 1 AS x) SELECT * FROM "a.csv") AS one, "a.csv" AS two`,
      "reads 'a.csv'",
    ],
    [
      'WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r) SELECT * FROM r',
      'has a recursive query',
    ],
    [`${SELECT} TABLESAMPLE 10%`, 'takes a sample'],
    [`${SELECT} USING SAMPLE 10 ROWS`, 'takes a sample'],
    [`${SELECT} WHERE paid_on < current_date`, 'asks for current_date'],
    [`${SELECT} WHERE dept = user`, 'asks for user'],
    [`${SELECT} WHERE paid_on < now()`, "calls 'now'"],
    [`${SELECT} WHERE random() < 0.5`, "calls 'random'"],
    [`${SELECT} WHERE getvariable('x') IS NULL`, "calls 'getvariable'"],
    [`${SELECT} WHERE current_setting('threads') = 1`, "calls 'current_setting'"],
    [`${SELECT} WHERE main.current_setting('threads') = 1`, "calls 'current_setting'"],
    [`${SELECT} WHERE amount > $1`, 'has a parameter'],
    [`${SELECT} ORDER BY list_transform([1], lambda x: x + 1)`, "calls 'list_transform'"],
    ['SELECT any_value(paid_on) AS month, 1 AS total FROM silver.shop_payments', "calls 'any_value'"],
    ["SELECT string_agg(dept, ',') AS total FROM silver.shop_payments", "calls 'string_agg'"],
    [`${SELECT} WHERE dept ILIKE 'h%'`, "calls '~~*'"],
    [`${SELECT} WHERE regexp_matches(dept, 'x')`, "calls 'regexp_matches'"],
    ['SELECT COLUMNS(*) FROM silver.shop_payments', 'has COLUMNS(…)'],
    [`${SELECT} WHERE amount > 1e3`, 'writes the number 1000 with an exponent'],
    [`${SELECT} WHERE dept = '{{from_month}}'`, 'is no SQL'],
    [
      `SELECT paid_on AS month, net AS total FROM silver.shop_payments`,
      `can't be run: Referenced column "net" not found`,
    ],
    ['SELECT paid_on AS month FROM silver.shop_payments', `can't be run: `],
    ['SELECT paid_on, sum(amount) AS total FROM silver.shop_payments', "can't be run"],
  ])('%s', async (sql, why) => {
    await expect(checkGold(engine, GOLD, { sql, contracts: CONTRACTS })).rejects.toMatchObject({
      name: 'ConfigError',
      code: 'GOLD_SQL',
      message: expect.stringContaining(`sql/gold/shop/totals.sql (shop.totals) ${why}`),
    });
  });
});

test('every function that Gold SQL may call is one of DuckDB, and the docs list it', async () => {
  const reader = await plain.runAndReadAll('SELECT DISTINCT function_name FROM duckdb_functions()');
  const known = new Set(reader.getRowsJson().map(([name]) => name));
  const windows = ['rank', 'row_number', 'nullif', 'cume_dist'];
  expect([...GOLD_FUNCTIONS].filter((name) => !known.has(name) && !windows.includes(name))).toEqual([]);
  const docs = readFileSync('docs/contracts.md', 'utf8');
  const listed = /<!-- gold functions -->([\s\S]*?)<!-- end -->/.exec(docs)?.[1] ?? '';
  const names = [...listed.matchAll(/`([^`]+)`/g)].map(([, name]) => name);
  const hidden = new Set(['date_part', 'timezone', 'trunc', 'count_star']);
  const shown = [...GOLD_FUNCTIONS].filter((name) => /^[a-z]/.test(name) && !/^to_|like_escape/.test(name));
  expect(names.sort()).toEqual(shown.filter((name) => !hidden.has(name)).sort());
});
