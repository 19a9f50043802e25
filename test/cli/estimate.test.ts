import { writeFile } from 'node:fs/promises';
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
