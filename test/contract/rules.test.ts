import { readFileSync } from 'node:fs';
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { checkedRules, checkRules } from '../../etl/contract/check-rules.ts';
import type { SourceContract } from '../../etl/contract/contract.ts';
import { parseContract } from '../../etl/contract/parse-contract.ts';
import { RULE_FUNCTIONS } from '../../etl/contract/rule-functions.ts';
import { type Engine, openEngine } from '../../etl/engine/engine.ts';
import { tempFolder } from '../adapters/temp-folder.ts';
import { contractText } from '../stages/contract-text.ts';
import { testLake } from '../stages/harness.ts';

const CONTRACT = {
  partitionColumn: 'paid_on',
  columns: [
    { name: 'id', key: true },
    { name: 'paid_on', type: 'date', required: true },
    { name: 'amount', type: 'number', physicalType: 'DECIMAL(18,2)' },
    { name: 'dept' },
    { name: 'order', type: 'integer' },
  ],
};

const withRule = (rule: string): SourceContract =>
  parseContract('c.yaml', contractText({ ...CONTRACT, rules: { checked: rule } })) as SourceContract;

let engine: Engine;
let plain: DuckDBConnection;
beforeAll(async () => {
  engine = await openEngine({ memoryLimitMb: 200, threads: 1 });
  plain = await (await DuckDBInstance.create(':memory:')).connect();
  await plain.run(`CREATE TABLE records AS SELECT * FROM (VALUES
    ('1', DATE '2024-01-31', 10.50::DECIMAL(18,2), 'HR', 1::BIGINT),
    ('2', DATE '2024-02-29', -3::DECIMAL(18,2), '', 0),
    ('3', NULL, NULL, 'it''s -- fine', -9),
    ('4', DATE '1999-12-31', 0, 'x%y', NULL),
    ('5', DATE '2024-12-01', 99999999.99, NULL, 9007199254740993)) AS r(id, paid_on, amount, dept, "order")`);
});
afterAll(() => engine.close());

/** What a rule gives for each record, by a DuckDB that is not ours; errors count as false. */
const verdicts = async (expression: string): Promise<unknown> =>
  (
    await plain.runAndReadAll(
      `SELECT id, coalesce(TRY(coalesce((${expression}\n), true)), false) FROM records ORDER BY id`,
    )
  ).getRowsJson();

describe('a rule that is one expression over the record', () => {
  test.each([
    "dept <> '' -- never empty",
    "/* why */ dept <> '' /* so */",
    "-- first\ndept = 'it''s -- fine'",
    'dept = \'x%y\' AND (amount > 0 OR NOT "order" IN (1, 2, 3))',
    "dept LIKE 'x!%y' ESCAPE '!'",
    "dept NOT LIKE '%a%' AND dept ILIKE 'h%'",
    'amount BETWEEN -3.00 AND 10.50',
    'amount NOT BETWEEN 0 AND 1',
    'amount IS NULL OR amount <> 0',
    'amount IS NOT DISTINCT FROM NULL',
    '(amount > 0) IS TRUE',
    'CASE WHEN amount > 0 THEN dept IS NOT NULL ELSE true END',
    "CASE dept WHEN 'HR' THEN amount > 5 END",
    "paid_on >= DATE '2024-01-01' AND paid_on < DATE '2025-01-01'",
    "paid_on + INTERVAL 1 MONTH > DATE '2024-02-28'",
    "date_trunc('month', paid_on) = DATE '2024-02-01'",
    'extract(year FROM paid_on) = 2024 AND month(paid_on) <= 2',
    "date_diff('day', paid_on, DATE '2024-03-01') < 31",
    '"order" = 9007199254740993',
    '"order" % 2 = 1 AND abs("order") > 0',
    'amount * 100 = round(amount * 100, 0)',
    'CAST("order" AS DECIMAL(18,2)) < amount',
    'TRY_CAST(dept AS INTEGER) IS NULL',
    'CAST(dept AS INTEGER) > 0',
    "regexp_matches(dept, '^[A-Z]{2}$')",
    "trim(lower(dept)) || 'x' = 'hrx'",
    "substring(dept FROM 1 FOR 1) = 'H'",
    "list_contains(['HR', 'IT'], dept)",
    "coalesce(dept, 'none') = 'none'",
    'nullif(amount, 0) IS NOT NULL',
    "lpad(id, 3, '0') = '001'",
    "dept = 'é😀''\\n' OR true",
    'true',
  ])('gives what its text gives: %s', async (rule) => {
    const contract = withRule(rule);
    await checkRules(engine, contract);
    const [checked] = await checkedRules(engine, contract);
    expect(await verdicts(checked?.sql ?? '')).toEqual(await verdicts(rule));
    expect(checked?.sql).not.toMatch(/never|why|first/);
  });
});

describe('what is no such expression is refused', () => {
  const COPY = "COPY (SELECT content FROM read_text('/etc/hostname')) TO '/tmp/x.csv'";
  test.each([
    ['true) WHERE (true', 'is no SQL expression: syntax error at or near ")"'],
    ['true) UNION SELECT (true', 'is no SQL expression'],
    ['true UNION SELECT true', 'is more than one expression'],
    ['true WHERE true', 'is more than one expression'],
    ['true FROM silver.other', 'is more than one expression'],
    ['true LIMIT 1', 'is more than one expression'],
    ['DISTINCT true', 'is more than one expression'],
    ['true QUALIFY true', 'is more than one expression'],
    ['true USING SAMPLE 10%', 'is more than one expression'],
    ['true ORDER BY 1', 'is more than one expression'],
    ['true AS passes', 'is more than one expression'],
    ['true, false', 'is more than one expression'],
    [`true; ${COPY}`, 'is more than one expression'],
    [`dept <> ''\n), judged AS (SELECT 1) SELECT 1; ${COPY}; --`, 'is no SQL expression'],
    [`dept <> '' -- x\n; ${COPY}; --`, 'is more than one expression'],
    [COPY, 'is no SQL expression'],
    ['-- nothing but a comment', 'is no SQL expression'],
    ['*', 'uses *'],
    ['COLUMNS(*) IS NOT NULL', 'uses *'],
    ['(SELECT true)', 'uses a subquery'],
    ["EXISTS (FROM read_text('/etc/hostname'))", 'uses a subquery'],
    ["dept IN (SELECT content FROM read_text('/etc/hostname'))", 'uses a subquery'],
    ['count(*) > 1', "calls 'count_star'"],
    ['sum(amount) > 0', "calls 'sum'"],
    ['max(amount) FILTER (WHERE true) > 0', "calls 'max'"],
    ['upper(DISTINCT dept) = dept', "calls 'upper' with DISTINCT"],
    ['row_number() OVER () = 1', 'uses a window function'],
    ['amount > $1', 'uses a parameter'],
    ['amount > $limit', 'uses a parameter'],
    ['amount > ?', 'uses a parameter'],
    ['#1 > 0', 'uses a column by its position'],
    ['len(list_filter([1], lambda x: x > 0)) = 1', "calls 'list_filter'"],
    ['salary > 0', "names 'salary', which is no column of the contract; write one of id, paid_on"],
    ['typed.amount > 0', "names 'typed.amount'"],
    ['row_hash IS NULL', "names 'row_hash'"],
    ['current_date > paid_on', "names 'current_date'"],
    ['now() > paid_on', "calls 'now'"],
    ['random() > 0.5', "calls 'random'"],
    ["getenv('HOME') <> ''", "calls 'getenv'"],
    ["current_setting('threads') <> ''", "calls 'current_setting'"],
    ["getvariable('x') IS NULL", "calls 'getvariable'"],
    ["main.getvariable('x') IS NULL", "calls 'getvariable'"],
    ["other.upper('x') = 'X'", "calls 'other.upper'"],
    ["repeat('x', 1000000000) <> ''", "calls 'repeat'"],
    ["lpad(dept, 1000000000, 'x') <> ''", 'pads to more than 10000 characters'],
    ["rpad(dept, \"order\", 'x') <> ''", 'pads to more than 10000 characters'],
    ["json_execute_serialized_sql('') IS NULL", "calls 'json_execute_serialized_sql'"],
    ['amount > 1e3', 'writes the number 1000 with an exponent'],
    ['dept COLLATE NOCASE = dept', 'uses a collation'],
    ['dept', 'gives VARCHAR, not true or false'],
    ['amount + 1', 'gives DECIMAL(18,2), not true or false'],
    ['amount > dept || paid_on AND dept + paid_on', "can't be run"],
    ["regexp_matches(dept, '(a{1000}){1000}')", "can't be run: invalid repetition size"],
    ["regexp_matches(dept, '(?=x)')", "can't be run: invalid perl operator"],
  ])('%s', async (rule, why) => {
    await expect(checkRules(engine, withRule(rule))).rejects.toMatchObject({
      name: 'ConfigError',
      code: 'RULE_INVALID',
      message: expect.stringContaining(`c.yaml: the rule 'checked' ${why}`),
    });
  });

  test('by the run too, which does nothing then; an honest comment stops nothing', async () => {
    const { folder, dispose } = await tempFolder();
    const file = join(folder, 'written.csv');
    const evil = `dept <> ''\n), x AS (SELECT 1)\nSELECT 1; COPY (SELECT content FROM read_text($$/etc/hostname$$)) TO '${file}'; --`;
    const files = { 'a.csv': 'id,paid_on,amount,dept,order\n1,2024-01-31,1,HR,1\n2,2024-01-31,1,HRX,2\n' };
    for (const rule of [evil, 'true) WHERE (true', 'true) UNION SELECT (true']) {
      const lake = await testLake({ contracts: [contractText({ ...CONTRACT, rules: { checked: rule } })] });
      await expect(lake.dropAndRun(files)).rejects.toMatchObject({ code: 'RULE_INVALID' });
      await lake.dispose();
    }
    await expect(access(file)).rejects.toThrow();
    const lake = await testLake({
      contracts: [contractText({ ...CONTRACT, rules: { checked: "dept <> 'HRX' -- never empty" } })],
    });
    expect((await lake.dropAndRun(files)).seal?.counts).toMatchObject({ silver: 1, quarantined: 1 });
    await lake.dispose();
    await dispose();
  });
});

test('the docs list the functions that a rule may call', () => {
  const docs = readFileSync('docs/contracts.md', 'utf8');
  const listed = /<!-- rule functions -->([\s\S]*?)<!-- end -->/.exec(docs)?.[1] ?? '';
  const names = [...listed.matchAll(/`([^`]+)`/g)].map(([, name]) => name);
  expect(names.sort()).toEqual(
    [...RULE_FUNCTIONS].filter((name) => /^[a-z]/.test(name) && !name.includes('like_escape')).sort(),
  );
});
