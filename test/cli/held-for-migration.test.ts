import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { runMain, runMainJson } from './run-main.ts';
import { RunsJson } from './shapes.ts';
import { goodSales, openShop, salesContract } from './shop.ts';

const NEXT = salesContract()
  .replace('version: 1.0.0', 'version: 2.0.0')
  .replace('DECIMAL(18,2)', 'DECIMAL(18,3)');

let shop: Awaited<ReturnType<typeof openShop>>;
beforeAll(async () => {
  shop = await openShop();
});
afterAll(() => shop.dispose());

const run = async () => {
  const { code, json } = await runMainJson(['run'], shop);
  return { code, run: RunsJson.parse(json)[0] };
};
const ingest = async (name: string, text: string) => {
  await shop.write(name, text);
  expect((await runMain(['ingest', name, '--dataset', 'shop.sales'], shop)).code).toBe(0);
};
const figures = async () =>
  (
    await runMainJson(
      [
        'query',
        `SELECT (SELECT count(*) FROM silver.shop_sales) AS rows, (SELECT CAST(sum(amount) AS VARCHAR) FROM silver.shop_sales) AS amount,
           (SELECT CAST(sum(amount) AS VARCHAR) FROM gold.shop_monthly_sales) AS gold`,
      ],
      shop,
    )
  ).json;

describe('a contract with a new major version', () => {
  test('holds every run with the command to type next, tells people once, and readers see what was published', async () => {
    await ingest('one.csv', goodSales(1, 4));
    expect((await run()).run?.status).toBe('promoted');
    const published = [{ rows: 4, amount: '5.00', gold: '5.00' }];
    expect(await figures()).toEqual(published);

    await shop.write('contracts/shop/sales.yaml', NEXT);
    await ingest('two.csv', goodSales(5, 6));
    for (let n = 0; n < 2; n++) {
      const held = await run();
      expect(held.code).not.toBe(0);
      expect(held.run).toMatchObject({ status: 'held', sealDigest: null, snapshotId: null });
      expect(held.run?.why[0]).toContain('version 2.0.0, its tables are of 1.0.0');
    }
    expect((await runMain(['run'], shop)).out).toContain('assay migrate shop.sales --dry-run');
    expect((await runMain(['run', '--dry-run'], shop)).out).toContain('would be held');
    expect(await figures()).toEqual(published);
    const alerts = await readdir(path.join(shop.cwd, 'lake/ops/alerts'));
    expect(alerts.filter((name) => name.includes('run-held'))).toHaveLength(1);

    // Nothing is set aside by it: with the old contract the file is published as ever.
    await shop.write('contracts/shop/sales.yaml', salesContract());
    expect((await run()).run).toMatchObject({ status: 'promoted', counts: { silver: 2 } });
    expect(await figures()).toEqual([{ rows: 6, amount: '7.50', gold: '7.50' }]);
  });

  test('holds a backfill, too', async () => {
    await shop.write('contracts/shop/sales.yaml', NEXT);
    const { json } = await runMainJson(
      ['backfill', 'shop.sales', '--from', '2020-01-01', '--reason', 'a new type', '--by', 'ann'],
      shop,
    );
    expect(json).toMatchObject({ run: { status: 'held' } });
  });
});
