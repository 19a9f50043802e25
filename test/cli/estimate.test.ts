import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { runMain, runMainJson } from './run-main.ts';
import { ErrorJson, EstimateJson } from './shapes.ts';
import { openShop } from './shop.ts';

let shop: Awaited<ReturnType<typeof openShop>>;
beforeEach(async () => {
  shop = await openShop();
});
afterEach(() => shop.dispose());
const estimate = async (...args: string[]) => {
  const { code, json } = await runMainJson(['estimate', 'shop.sales', ...args], shop);
  expect({ code, json }).toMatchObject({ code: 0 });
  return EstimateJson.parse(json);
};

test('a dataset is estimated by what its runs brought', async () => {
  const text = `sale_id,customer,amount,sold_on\n1,Ann,10.00,2024-01-02\n2,Bob,5.00,2024-01-03\n`;
  await shop.write('a.csv', text);
  await runMain(['ingest', 'a.csv', '--dataset', 'shop.sales'], shop);
  expect((await runMain(['run'], shop)).code).toBe(0);
  const found = await estimate();
  expect(found).toMatchObject({
    from: 'history',
    workload: {
      bytesPerDay: text.length,
      filesPerDay: 1,
      runsPerDay: 1,
      monthsPerRun: 1,
      goldTables: 1,
      runsBefore: 1,
    },
    platform: { concurrency: 40, chunkBytes: 512 * 1024 ** 2 },
    run: { files: 1, chunks: 1, silverFiles: 1 },
    overruns: [],
  });
  const { out } = await runMain(['estimate', 'shop.sales'], shop);
  expect(out).toMatch(
    /^shop\.sales: 77 bytes a day in 1 file and 1 run, the average of 1 day with 1 run and 2 records\n/,
  );
  expect(out).toMatch(/refine +1 +[\d.]+ s[\s\S]*Step Functions +17 +transitions[\s\S]*Thirty such days: \$/);
});

test('or by what is said, which needs no lake; more bytes cost more', async () => {
  const small = await estimate('--gb-per-day', '1', '--lake', 'nowhere');
  const large = await estimate(
    '--gb-per-day',
    '1000',
    '--runs-per-day',
    '100',
    '--chunk-mb',
    '64',
    '--lake',
    'nowhere',
  );
  expect(small).toMatchObject({
    from: 'options',
    workload: { bytesPerDay: 1e9, filesPerDay: 10, runsPerDay: 10 },
  });
  expect(large.run).toMatchObject({ files: 100, chunks: 200, ranges: 200 });
  expect(large.dollarsPerDay).toBeGreaterThan(small.dollarsPerDay);
  expect(large.overruns.map(({ stage }) => stage)).toContain('refresh-gold');
  const without = await estimate(
    '--gb-per-day',
    '1000',
    '--runs-per-day',
    '200',
    '--gold-tables',
    '0',
    '--lake',
    'nowhere',
  );
  expect(without.overruns.map(({ stage }) => stage)).not.toContain('refresh-gold');
  const memory = async (...args: string[]) =>
    (await estimate('--gb-per-day', '1000', ...args, '--lake', 'nowhere')).lines.find(
      ({ what }) => what === 'Lambda, memory',
    )?.dollars ?? 0;
  // What AWS lists for arm64, over what it lists for x86.
  expect((await memory('--arm64')) / (await memory())).toBeCloseTo(0.0000133334 / 0.0000166667, 6);
  const often = ['--gb-per-day', '1', '--file-mb', '0.1', '--gold-tables', '0', '--runs-per-day'];
  const said = async (runs: string) =>
    (await runMain(['estimate', 'shop.sales', ...often, runs], shop)).out.includes('It would not keep up');
  expect({ 100: await said('100'), 9000: await said('9000') }).toEqual({ 100: false, 9000: true });
});

test('Gold that reads more than the changed months is told, by its SQL', async () => {
  const refresh = ({ stages }: Awaited<ReturnType<typeof estimate>>) =>
    stages.find(({ stage }) => stage === 'refresh-gold');
  const months = await estimate('--gb-per-day', '1');
  expect(months.workload).toMatchObject({ goldTables: 1, goldTablesWhole: 0, goldLookupBytes: 0 });
  const sql = 'sql/gold/shop/monthly_sales.sql';
  // Balances: everything up to the window's end.
  await shop.write(
    sql,
    `SELECT CAST(date_trunc('month', sold_on) AS DATE) AS as_of_month, COUNT(*) AS sales FROM silver.shop_sales
     WHERE sold_on < CAST({{to_month}} + INTERVAL '1' MONTH AS DATE) GROUP BY 1`,
  );
  const whole = await estimate('--gb-per-day', '1');
  expect(whole.workload).toMatchObject({ goldTables: 1, goldTablesWhole: 1 });
  // 10 runs of 0.1 GB a day for the 30 days that are taken to lie behind it, and this one, at 0.54 of the bytes.
  expect(whole.run.goldWholeFiles / whole.run.silverFiles).toBe(301);
  expect(refresh(whole)?.diskBytes).toBeCloseTo(301 * 0.1e9 * 0.54, -3);
  expect(refresh(months)?.diskBytes).toBeLessThan((refresh(whole)?.diskBytes ?? 0) * 0.6);
  const { out } = await runMain(['estimate', 'shop.sales', '--gb-per-day', '1'], shop);
  expect(out).toContain('1 of 1 Gold table read all of it in each run');
  expect(out).not.toContain('DuckDB alone');
  await shop.write(
    sql,
    `SELECT sold_on AS as_of_month, AVG(amount) AS sales FROM silver.shop_sales GROUP BY 1`,
  );
  const mean = await runMain(['estimate', 'shop.sales', '--gb-per-day', '1'], shop);
  expect(mean.out).toContain("DuckDB alone makes shop.monthly_sales, never Athena or Trino: it calls 'avg'.");
});

test('what Gold looks up in other datasets counts as it stands in the lake', async () => {
  const contract = await readFile(path.join(shop.cwd, 'contracts/shop/sales.yaml'), 'utf8');
  const other = (text: string): string => text.replaceAll('name: sales', 'name: shops');
  await shop.write('contracts/shop/shops.yaml', other(contract));
  const gold = await readFile(path.join(shop.cwd, 'contracts/shop/monthly_sales.yaml'), 'utf8');
  await shop.write(
    'contracts/shop/monthly_sales.yaml',
    gold.replace('[shop.sales]', '[shop.sales, shop.shops]'),
  );
  await shop.write(
    'sql/gold/shop/monthly_sales.sql',
    `SELECT CAST(date_trunc('month', a.sold_on) AS DATE) AS as_of_month, COUNT(*) AS sales, CAST(SUM(a.amount) AS DECIMAL(38, 2)) AS amount
     FROM silver.shop_sales AS a JOIN silver.shop_shops AS b ON a.customer = b.customer
     WHERE a.sold_on >= {{from_month}} AND a.sold_on < CAST({{to_month}} + INTERVAL '1' MONTH AS DATE) GROUP BY 1`,
  );
  const text = 'sale_id,customer,amount,sold_on\n1,Ann,10.00,2024-01-02\n';
  await shop.write('a.csv', text);
  for (const dataset of ['shop.sales', 'shop.shops'])
    await runMain(['ingest', 'a.csv', '--dataset', dataset], shop);
  expect((await runMain(['run'], shop)).code).toBe(0);
  const folder = path.join(shop.cwd, 'lake/silver/shop/shops');
  const files = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.parquet'));
  const sizes = await Promise.all(files.map(async (name) => (await stat(path.join(folder, name))).size));
  const found = await estimate();
  expect(found.workload).toMatchObject({ goldTables: 1, goldTablesWhole: 0, goldLookupBytes: sizes[0] });
  expect(sizes).toHaveLength(1);
});

test('prices come from a file where one is given', async () => {
  await writeFile(path.join(shop.cwd, 'prices.json'), '{"athenaTb": 10, "region": "eu-west-2"}');
  const found = await estimate('--gb-per-day', '1', '--query-gb', '1000', '--prices', 'prices.json');
  expect(found.prices).toMatchObject({ region: 'eu-west-2', athenaTb: 10 });
  expect(found.lines.find(({ what }) => what === 'Athena')?.dollars).toBe(10);
});

test.each([
  [['shop.sales'], 'NO_HISTORY'],
  [['shop.nothing', '--gb-per-day', '1'], 'NO_CONTRACT'],
  [['shop.sales', '--gb-per-day', '0'], 'USAGE'],
  [['shop.sales', '--gb-per-day', '1', '--gold-tables', 'x'], 'USAGE'],
  [['shop.sales', '--gb-per-day', '1', '--prices', 'nowhere.json'], 'NO_FILE'],
])('%j exits with 2', async (args, code) => {
  const found = await runMainJson(['estimate', ...args], shop);
  expect(found.code).toBe(2);
  expect(ErrorJson.parse(found.json).error.code).toBe(code);
});
