import path from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { openLake } from '../../adapters/local/lake.ts';
import type { Contract } from '../../etl/contract/contract.ts';
import { loadContracts } from '../../etl/contract/load-contracts.ts';
import { type Board, openBoard } from '../../service/console/board.ts';
import { runMain } from '../cli/run-main.ts';
import { goodSales, openShop, type Shop } from '../cli/shop.ts';
import { type CountingStores, countingStores } from '../support/counting-stores.ts';

let shop: Shop;
let stores: CountingStores;
let board: Board;
let contracts: Contract[];
let nowMs = Date.now();
beforeAll(async () => {
  shop = await openShop();
  const { effects } = await openLake(path.join(shop.cwd, 'lake'), {
    contractsDir: path.join(shop.cwd, 'contracts'),
    sqlDir: path.join(shop.cwd, 'sql/gold'),
  });
  stores = countingStores(effects.objects, effects.data);
  board = openBoard({
    ...effects,
    objects: stores.objects,
    data: stores.data,
    clock: { now: () => new Date(nowMs) },
  });
  contracts = [...(await loadContracts(effects.contracts)).contracts.values()];
});
afterAll(() => shop.dispose());

/** What the board says was published. */
const published = async (): Promise<string[]> =>
  (await board.states(contracts)).flatMap(({ contract, health }) =>
    health.publishedAt === null ? [] : [contract.dataset],
  );

test('a state that is young is told without a look at the lake; an old one is looked at again', async () => {
  expect(await published()).toEqual([]);
  await shop.write('a.csv', goodSales(1, 3));
  await runMain(['ingest', 'a.csv', '--dataset', 'shop.sales'], shop);
  await runMain(['run'], shop);
  stores.reset();
  expect([await published(), stores.calls]).toEqual([[], []]);
  nowMs += 60_000;
  await published();
  await new Promise((resolve) => setTimeout(resolve, 1000));
  nowMs += 1000;
  expect(await published()).toEqual(['shop.monthly_sales', 'shop.sales']);
});

test('what was decided on is looked at at once', async () => {
  stores.reset();
  board.forget('shop.sales');
  expect(await published()).toContain('shop.sales');
  expect(stores.calls.length).toBeGreaterThan(0);
});
