import { rename } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { openLake } from '../../adapters/local/lake.ts';
import { runDataset } from '../../adapters/local/run-dataset.ts';
import { runMain, runMainJson } from './run-main.ts';
import { HealthJson } from './shapes.ts';
import { badSales, goodSales, openShop, salesContract } from './shop.ts';

/** The contract with what its owner promises. */
const promising = (promises: string, limits?: string) =>
  salesContract(limits).replace('schema:\n', `slaProperties:\n${promises}\nschema:\n`);
const MONTHLY =
  '  - { property: frequency, value: 1, unit: month }\n  - { property: latency, value: 1, unit: d }';

let shop: Awaited<ReturnType<typeof openShop>>;
beforeEach(async () => {
  shop = await openShop();
  await shop.write('contracts/shop/sales.yaml', promising(MONTHLY));
});
afterEach(() => shop.dispose());

const drop = async (name: string, text: string) => {
  await shop.write(name, text);
  expect((await runMain(['ingest', name, '--dataset', 'shop.sales'], shop)).code).toBe(0);
};
const health = async () => {
  const { code, json } = await runMainJson(['health'], shop);
  const found = HealthJson.parse(json);
  return { code, codes: found.flatMap(({ ailments }) => ailments.map((one) => one.code)), found };
};

describe('health', () => {
  test('is well where nothing was published yet, and after a run', async () => {
    expect(await health()).toMatchObject({ code: 0, codes: [] });
    await drop('a.csv', goodSales(1, 3));
    await runMain(['run'], shop);
    const { code, found } = await health();
    expect({ code, found }).toMatchObject({
      code: 0,
      found: [
        { dataset: 'shop.monthly_sales', publishedAt: expect.any(String) },
        { dataset: 'shop.sales', publishedAt: expect.any(String) },
      ],
    });
    expect((await runMain(['health'], shop)).out).toMatch(/shop\.sales: well; published 2/);
  });

  test('finds a source that fell silent, whatever people did since', async () => {
    await drop('a.csv', badSales(1, 2, '100,Ann,1.00,2024-01-02\n'));
    const lake = await openLake(path.join(shop.cwd, 'lake'), {
      contractsDir: path.join(shop.cwd, 'contracts'),
      sqlDir: path.join(shop.cwd, 'sql/gold'),
      clock: { now: () => new Date(Date.now() - 40 * 86_400_000) },
    });
    await runDataset('shop.sales', lake.effects);
    expect(await health()).toMatchObject({ code: 1, codes: ['SILENT'] });
    await runMain(['quarantine', 'condemn', '--all', '--dataset', 'shop.sales', '--reason', 'x'], shop);
    expect(await health()).toMatchObject({ code: 1, codes: ['SILENT'] });
  });

  test('finds files that were dropped and never run, and says what to type', async () => {
    await drop('a.csv', goodSales(1, 3));
    expect((await health()).codes).toEqual([]);
    const bronze = path.join(shop.cwd, 'lake/bronze/shop/sales');
    const today = new Date().toISOString().slice(0, 10);
    await rename(path.join(bronze, `ingest_date=${today}`), path.join(bronze, 'ingest_date=2024-05-01'));
    expect(await health()).toMatchObject({ code: 1, codes: ['LATE'] });
    const { out } = await runMain(['health'], shop);
    expect(out).toMatch(/NOT WELL[\s\S]*LATE: 1 files[\s\S]*Next: assay run --dataset shop\.sales/);
  });

  test('finds held runs, an open breaker, Gold that fell behind, and promises that nobody can read', async () => {
    const limits = '{ maxQuarantineRate: 0.1, smallBatchRecords: 2, breakerErrors: 2 }';
    await shop.write('contracts/shop/sales.yaml', promising(MONTHLY, limits));
    await drop('a.csv', badSales(1, 5));
    await runMain(['run'], shop);
    expect((await health()).codes).toEqual(['HELD', 'BREAKER']);
    await shop.write(
      'contracts/shop/sales.yaml',
      promising('  - { property: latency, value: 1, unit: m }', limits),
    );
    expect((await health()).codes).toEqual(['PROMISE', 'HELD', 'BREAKER']);
  });

  test('finds Gold that was not made from what is current', async () => {
    await shop.write('sql/gold/shop/monthly_sales.sql', 'SELECT nothing');
    await drop('a.csv', goodSales(1, 3));
    await runMain(['run'], shop);
    expect((await health()).codes).toEqual(['GOLD_BEHIND']);
  });
});
