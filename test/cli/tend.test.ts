import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { openLake } from '../../adapters/local/lake.ts';
import { runDataset } from '../../adapters/local/run-dataset.ts';
import { runMain, runMainJson } from './run-main.ts';
import { SnapshotsJson, TendJson } from './shapes.ts';
import { goodSales, openShop, salesContract } from './shop.ts';

const DAY_MS = 86_400_000;

let shop: Awaited<ReturnType<typeof openShop>>;
beforeEach(async () => {
  shop = await openShop();
});
afterEach(() => shop.dispose());

/** Publishes sale number `id` as if that had been so many days ago. */
async function publish(daysAgo: number, id: number): Promise<void> {
  await shop.write(`${id}.csv`, goodSales(id, id));
  expect((await runMain(['ingest', `${id}.csv`, '--dataset', 'shop.sales'], shop)).code).toBe(0);
  const clock = { now: () => new Date(Date.now() - daysAgo * DAY_MS) };
  const places = { contractsDir: `${shop.cwd}/contracts`, sqlDir: `${shop.cwd}/sql/gold`, clock };
  const [run] = await runDataset('shop.sales', (await openLake(`${shop.cwd}/lake`, places)).effects);
  expect(run?.status).toBe('promoted');
}

/** The shop's contract with a word on its upkeep. */
const writeContract = (property: string, value: string) =>
  shop.write(
    'contracts/shop/sales.yaml',
    `${salesContract()}      - property: ${property}\n        value: ${value}\n`,
  );

const ok = async (...args: string[]) => {
  const { code, json } = await runMainJson(args, shop);
  expect({ args, code, json }).toMatchObject({ args, code: 0 });
  return json;
};
const sales = async (...more: string[]) =>
  TendJson.parse(await ok('tend', ...more)).find(({ dataset }) => dataset === 'shop.sales');
const snapshots = async () => SnapshotsJson.parse(await ok('snapshots', 'shop.sales'));

describe('tend', () => {
  test('lets snapshots go as the contract says, once, and no row', async () => {
    await writeContract('assay.snapshots', '{ keep: 5d, atLeast: 1 }');
    for (const [daysAgo, id] of [
      [30, 1],
      [20, 2],
      [4, 3],
    ] as const)
      await publish(daysAgo, id);
    expect(await snapshots()).toHaveLength(3);
    expect((await sales())?.expired).toBeGreaterThan(0);
    expect((await snapshots()).length).toBeLessThan(3);
    expect(await ok('query', 'SELECT count(*) AS n FROM silver.shop_sales')).toEqual([{ n: 3 }]);
    expect(await sales()).toMatchObject({ expired: 0, removed: 0, joined: 0 });
  });

  test('leaves a dataset alone whose contract turns it off, unless it is asked for by name', async () => {
    await writeContract('assay.tend', 'false');
    await publish(1, 1);
    expect(await sales()).toMatchObject({ skipped: 'off' });
    expect(await sales('--dataset', 'shop.sales')).toMatchObject({ skipped: null });
    expect((await runMain(['tend'], shop)).out).toContain('shop.sales: left alone, as its contract says');
  });

  test('does the others where one fails, and says so apart from the one document', async () => {
    await publish(1, 1);
    await shop.write('lake/silver/shop/sales/_LATEST.json', '{');
    const { code, out, err } = await runMain(['tend', '--json'], shop);
    expect(code).not.toBe(0);
    expect(TendJson.parse(JSON.parse(out)).map(({ dataset }) => dataset)).toEqual(['shop.monthly_sales']);
    expect(err).toContain('_LATEST.json');
    const named = await runMainJson(['tend', '--dataset', 'shop.sales'], shop);
    expect([named.code, named.json]).toEqual([code, { error: expect.anything() }]);
  });
});
