import path from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { openLake } from '../../adapters/local/lake.ts';
import type { Contract } from '../../etl/contract/contract.ts';
import { loadContracts } from '../../etl/contract/load-contracts.ts';
import { type Board, openBoard } from '../../service/console/board.ts';
import { type LookAtHealth, openKeptHealth } from '../../service/health/kept-health.ts';
import { runMain, runMainJson } from '../cli/run-main.ts';
import { goodSales, openShop, type Shop } from '../cli/shop.ts';
import { type CountingStores, countingStores } from '../support/counting-stores.ts';
import { until } from '../support/until.ts';

let shop: Shop;
let stores: CountingStores;
let board: Board;
let look: LookAtHealth;
let contracts: Contract[];
let nowMs = Date.now();
beforeAll(async () => {
  shop = await openShop();
  const { effects } = await openLake(path.join(shop.cwd, 'lake'), {
    contractsDir: path.join(shop.cwd, 'contracts'),
    sqlDir: path.join(shop.cwd, 'sql/gold'),
  });
  stores = countingStores(effects.objects, effects.data);
  const clock = { now: () => new Date(nowMs) };
  const counted = { ...effects, objects: stores.objects, data: stores.data, clock };
  look = openKeptHealth(counted);
  board = openBoard(counted, look);
  contracts = [...(await loadContracts(effects.contracts)).contracts.values()];
});
afterAll(() => shop.dispose());

/** What the board says was published. */
const published = async (): Promise<string[]> =>
  (await board.states(contracts)).states.flatMap(({ contract, health }) =>
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
  // The first look shows what was known, and begins to look; the others find what it found.
  await until('both are looked at again', async () => (await published()).length === 2);
  expect(await published()).toEqual(['shop.monthly_sales', 'shop.sales']);
});

test('the first page after a start has what can be looked at in half a second, and the next ones the rest', async () => {
  const { effects } = await openLake(path.join(shop.cwd, 'lake'), {
    contractsDir: path.join(shop.cwd, 'contracts'),
    sqlDir: path.join(shop.cwd, 'sql/gold'),
  });
  const own = openKeptHealth(effects);
  const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
  const slow = openBoard(effects, async (contract) => {
    await pause(600);
    return await own(contract);
  });
  const first = await slow.states(contracts);
  expect([first.states.length, first.missing]).toEqual([1, 1]);
  let next = first;
  await until(
    'all are looked at',
    async () => {
      next = await slow.states(contracts);
      return next.missing === 0;
    },
    () => `${next.missing} are not.`,
  );
  expect(next.states.map(({ contract }) => contract.dataset).sort()).toEqual(
    contracts.map(({ dataset }) => dataset).sort(),
  );
});

test('what was decided on is looked at at once', async () => {
  stores.reset();
  board.forget('shop.sales');
  expect(await published()).toContain('shop.sales');
  expect(stores.calls.length).toBeGreaterThan(0);
});

test('health is kept for as long as what it was made from stands: whatever is done is seen with the next look', async () => {
  const [sales] = contracts.filter(({ dataset }) => dataset === 'shop.sales');
  if (sales === undefined) throw new Error('no contract');
  const codes = async (): Promise<string[]> => (await look(sales)).health.ailments.map(({ code }) => code);
  expect(await codes()).toEqual([]);
  stores.reset();
  const first = await look(sales);
  // Nothing is read anew but what tells that nothing changed.
  expect(stores.calls.filter(({ key }) => key.endsWith('.metadata.json'))).toEqual([]);
  expect((await look(sales)).lookedAt).toEqual(first.lookedAt);
  const bad = 'sale_id,customer,amount,sold_on\n90,Ann,x,2024-01-02\n91,Bob,,2024-01-02\n';
  await shop.write('bad.csv', bad);
  await runMain(['ingest', 'bad.csv', '--dataset', 'shop.sales'], shop);
  await runMain(['run'], shop);
  const on = ['--dataset', 'shop.sales', '--all', '--reason', 'r', '--by', 'ann'];
  await runMain(['quarantine', 'condemn', ...on], shop);
  expect(await codes()).toEqual([]);
  const { json } = await runMainJson(['quarantine', 'release', ...on], shop);
  expect(await codes()).toEqual(['RELEASE']);
  const { request } = json as { request: string };
  const word = ['--dataset', 'shop.sales', '--reason', 'r', '--by', 'bob'];
  await runMain(['quarantine', 'release', '--approve', request, ...word], shop);
  expect(await codes()).toEqual([]);
});
