import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { runMain } from './run-main.ts';
import { openShop, salesContract } from './shop.ts';

let shop: Awaited<ReturnType<typeof openShop>>;
beforeEach(async () => {
  shop = await openShop();
});
afterEach(() => shop.dispose());

const SALES = 'contracts/shop/sales.yaml';
const check = (...args: string[]) => runMain(['contracts', 'check', ...args], shop);
const withRule = (rule: string): string =>
  salesContract().replace(
    '    customProperties:',
    `    quality:\n      - ${JSON.stringify({ name: 'paid', type: 'custom', engine: 'assay', implementation: rule })}\n    customProperties:`,
  );
const withCheck = (options: string): string =>
  salesContract().replace('description: Who bought.', `description: Who bought.\n        ${options}`);

describe('contracts check', () => {
  test('--github prints each problem as GitHub Actions reads it, beside its line', async () => {
    await shop.write(
      'contracts/shop/a,b.yaml',
      salesContract().replace('classification: personal', 'classification: 100%'),
    );
    const { code, out } = await check('--github');
    expect(code).toBe(2);
    const [line = ''] = out
      .split('\n')
      .filter((one) => one.startsWith('::') && one.includes('classification'));
    const lines = salesContract().split('\n');
    const at = lines.findIndex((one) => one.includes('classification: personal')) + 1;
    expect(line).toMatch(
      /^::error file=contracts\/shop\/a%2Cb\.yaml,line=\d+,title=contract::schema\[0\]\.properties\[1\]\.classification: /,
    );
    expect(line).toContain(`line=${at},`);
    expect(line).toContain('100%25');
  });

  test('finds nothing wrong with what is right', async () => {
    await shop.write(SALES, withRule("customer <> '' -- never empty"));
    expect(await check()).toMatchObject({ code: 0, err: '' });
  });

  test('names what other tools of the standard miss, and a run goes on without it', async () => {
    await shop.write(SALES, salesContract().replace('status: active\n', ''));
    for (const args of [[], [SALES]]) {
      const { code, err } = await check(...args);
      expect([code, err]).toEqual([2, expect.stringMatching(/sales\.yaml:\d+: status: is missing/)]);
    }
    await shop.write('a.csv', 'sale_id,amount,sold_on,customer\n1,1.00,2024-01-01,ann\n');
    await runMain(['ingest', 'a.csv', '--dataset', 'shop.sales'], shop);
    expect(await runMain(['run'], shop)).toMatchObject({ code: 0 });
  });

  test.each([
    'true) WHERE (true',
    'true) UNION SELECT (true',
    "customer <> ''\n), x AS (SELECT 1) SELECT 1; COPY (SELECT content FROM read_text($$/etc/hostname$$)) TO 'x'; --",
    "getenv('HOME') <> ''",
    "regexp_matches(customer, '(a{1000}){1000}')",
  ])('refuses the rule %s, also of a file outside of the folder', async (rule) => {
    await shop.write(SALES, withRule(rule));
    await shop.write('elsewhere.yaml', withRule(rule));
    for (const [file, args] of [
      [SALES, []],
      ['elsewhere.yaml', ['elsewhere.yaml']],
    ] as const) {
      const { code, err } = await check(...args);
      expect(code).toBe(2);
      expect(err).toMatch(new RegExp(`^${file}:\\d+: quality: the rule 'paid' `));
    }
  });

  test.each([
    [
      "logicalTypeOptions: { pattern: '(a{1000}){1000}' }",
      "the check 'pattern' of column customer can't be run: invalid repetition size",
    ],
    ["logicalTypeOptions: { pattern: '(\\p{L}{1,1000}){1}' }", 'pattern too large'],
    ["logicalTypeOptions: { pattern: '(?i)a' }", 'is not a regular expression'],
    ["logicalTypeOptions: { pattern: '(?<=a)b' }", 'uses lookbehind'],
  ])('refuses what DuckDB could not compile: %s', async (options, why) => {
    await shop.write(SALES, withCheck(options));
    const { code, err } = await check();
    expect(code).toBe(2);
    expect(err).toContain(why);
    expect(err).toMatch(/^contracts\/shop\/sales\.yaml:\d+: /m);
  });

  test.each([
    ['SELEKT nonsense', 'is no SQL: syntax error at or near "SELEKT"; write one SELECT'],
    ['SELECT 1; SELECT 2', 'holds 2 statements'],
    ["SELECT * FROM read_csv('/etc/passwd')", "reads the table function 'read_csv'"],
    ['SELECT * FROM silver.other', "reads 'silver.other', which is no input"],
    ['SELECT sale FROM silver.shop_sales', 'Referenced column "sale" not found'],
  ])('refuses the Gold SQL %s', async (sql, why) => {
    await shop.write('sql/gold/shop/monthly_sales.sql', sql);
    const { code, err } = await check();
    expect(code).toBe(2);
    expect(err).toMatch(
      /^contracts\/shop\/monthly_sales\.yaml:\d+: assay\.sql: sql\/gold\/shop\/monthly_sales\.sql /,
    );
    expect(err).toContain(why);
  });

  test('a run refuses a pattern that DuckDB could not compile before it reads a file', async () => {
    await shop.write(SALES, withCheck("logicalTypeOptions: { pattern: '(a{1000}){1000}' }"));
    await shop.write('a.csv', 'sale_id,customer,amount,sold_on\n1,a,1.00,2024-01-01\n');
    const { code, err } = await runMain(
      ['ingest', path.join(shop.cwd, 'a.csv'), '--dataset', 'shop.sales'],
      shop,
    );
    expect(code).toBe(2);
    expect(err).toContain("the check 'pattern' of column customer can't be run");
  });
});
