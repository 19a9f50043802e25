import path from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { openLake } from '../../adapters/local/lake.ts';
import { runOnce } from '../../adapters/local/run-dataset.ts';
import { askForMigration } from '../../etl/operations/migrate.ts';
import { runMain, runMainJson } from '../cli/run-main.ts';
import { badSales, goodSales, openShop, salesContract } from '../cli/shop.ts';

const WORD = { by: 'ann', reason: 'three decimals', acceptLosses: false };

let shop: Awaited<ReturnType<typeof openShop>>;
beforeAll(async () => {
  shop = await openShop();
  await shop.write('one.csv', badSales(10, 11, goodSales(1, 3).split('\n').slice(1).join('\n')));
  expect((await runMain(['ingest', 'one.csv', '--dataset', 'shop.sales'], shop)).code).toBe(0);
  expect((await runMain(['run'], shop)).code).toBe(0);
  await shop.write(
    'contracts/shop/sales.yaml',
    salesContract().replace('version: 1.0.0', 'version: 2.0.0').replace('DECIMAL(18,2)', 'DECIMAL(18,3)'),
  );
});
afterAll(() => shop.dispose());

const ask = async (sql: string) => (await runMainJson(['query', sql], shop)).json;
const FIGURES = `SELECT (SELECT CAST(sum(amount) AS VARCHAR) FROM silver.shop_sales) AS silver,
  (SELECT count(*) FROM quarantine.shop_sales) AS quarantined`;

test('a migration that is killed at any step shows one generation or the other, and goes on when it is asked for again', async () => {
  const { effects } = await openLake(path.join(shop.cwd, 'lake'), {
    contractsDir: path.join(shop.cwd, 'contracts'),
    sqlDir: path.join(shop.cwd, 'sql/gold'),
  });
  const runs = new Set<string>();
  let deaths = 0;
  for (let last = 1; ; last += 4) {
    let step = 0;
    const dying =
      <A extends unknown[], R>(change: (...args: A) => Promise<R>) =>
      (...args: A): Promise<R> =>
        ++step >= last ? Promise.reject(new Error('killed')) : change(...args);
    const { objects, data } = effects;
    const doomed = {
      ...effects,
      objects: { ...objects, put: dying(objects.put), remove: dying(objects.remove) },
      data: { ...data, publish: dying(data.publish) },
    };
    const request = await askForMigration(effects, 'shop.sales', WORD);
    runs.add(request.runId);
    await runOnce('shop.sales', doomed, request).catch(() => undefined);
    const [seen] = (await ask(FIGURES)) as { silver: string; quarantined: number }[];
    expect(['3.75', '3.750']).toContain(seen?.silver);
    expect(seen?.quarantined).toBe(1);
    if (seen?.silver === '3.750') break;
    deaths++;
  }
  // What it left of Gold is done by any run.
  expect((await runMain(['run'], shop)).code).toBe(0);
  expect(deaths).toBeGreaterThan(3);
  expect(runs.size).toBeLessThan(deaths);
  expect(await ask(FIGURES)).toEqual([{ silver: '3.750', quarantined: 1 }]);
  expect(await ask('SELECT CAST(sum(amount) AS VARCHAR) AS gold FROM gold.shop_monthly_sales')).toEqual([
    { gold: '3.75' },
  ]);
  expect((await runMainJson(['audit'], shop)).json).toMatchObject([{ problems: [] }, { problems: [] }]);
});
