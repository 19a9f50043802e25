import path from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { knownTables, snapshotsAsOf } from '../../adapters/aws/athena-tables.ts';
import { type Lake, openLake } from '../../adapters/local/lake.ts';
import type { Contract } from '../../etl/contract/contract.ts';
import { loadContracts } from '../../etl/contract/load-contracts.ts';
import type { AsOf } from '../../etl/query/as-of.ts';
import { runMain, runMainJson } from '../cli/run-main.ts';
import { SnapshotsJson } from '../cli/shapes.ts';
import { goodSales, openShop, salesContract } from '../cli/shop.ts';

/** Which snapshots Athena is sent for a question about the past: on a lake in a folder, through the same port. */

let shop: Awaited<ReturnType<typeof openShop>>;
let lake: Lake;
let contracts: Contract[];

beforeAll(async () => {
  shop = await openShop();
  const { cwd } = shop;
  for (const [n, text] of [goodSales(1, 5), goodSales(6, 9)].entries()) {
    const file = await shop.write(`in/${n}.csv`, text);
    await runMain(['ingest', file, '--dataset', 'shop.sales'], { cwd });
    expect(await runMain(['run'], { cwd })).toMatchObject({ code: 0 });
  }
  lake = await openLake(path.join(cwd, 'lake'), {
    contractsDir: path.join(cwd, 'contracts'),
    sqlDir: path.join(cwd, 'sql/gold'),
  });
  contracts = [...(await loadContracts(lake.effects.contracts)).contracts.values()];
});
afterAll(() => shop.dispose());

/** Snapshots of a table, oldest first. */
async function snapshotsOf(dataset: string): Promise<number[]> {
  const { json } = await runMainJson(['snapshots', dataset], shop);
  return SnapshotsJson.parse(json)
    .map(({ snapshotId }) => snapshotId)
    .reverse();
}

/** The snapshots that are seen, and the keys that were read to find them. */
async function seen(names: readonly string[], asOf: AsOf) {
  const keys: string[] = [];
  const objects = {
    ...lake.effects.objects,
    get: (key: string) => {
      keys.push(key);
      return lake.effects.objects.get(key);
    },
  };
  const snapshots = Object.fromEntries(await snapshotsAsOf(objects, contracts, { names, asOf }));
  return { snapshots, keys };
}

const GOLD = 'gold.shop_monthly_sales';
const SILVER = 'silver.shop_sales';

test('tables are known by the names of their layers, and the ledger is one of ops', () => {
  expect(Object.fromEntries(knownTables(contracts, 'assay_staging_'))).toEqual({
    [GOLD]: { database: 'assay_staging_gold', table: 'shop_monthly_sales' },
    [SILVER]: { database: 'assay_staging_silver', table: 'shop_sales' },
    'quarantine.shop_sales': { database: 'assay_staging_quarantine', table: 'shop_sales' },
    'condemned.shop_sales': { database: 'assay_staging_condemned', table: 'shop_sales' },
    'ops.source_files_shop_sales': { database: 'assay_staging_ops', table: 'source_files_shop_sales' },
  });
});

test('about now, no snapshot is sent and nothing is read', async () => {
  expect(await seen([SILVER, GOLD], { kind: 'now' })).toEqual({ snapshots: {}, keys: [] });
});

test('of a Silver snapshot, Gold is seen as it was made from it, and what was quarantined is not touched', async () => {
  const [silver = 0] = await snapshotsOf('shop.sales');
  const [gold] = await snapshotsOf('shop.monthly_sales');
  const { snapshots, keys } = await seen([SILVER, GOLD], { kind: 'snapshot', id: silver });
  expect(snapshots).toEqual({ [SILVER]: silver, [GOLD]: gold });
  expect(keys.filter((key) => /^(quarantine|condemned)\//.test(key))).toEqual([]);
  expect(await seen([GOLD], { kind: 'snapshot', id: silver })).toMatchObject({ snapshots: { [GOLD]: gold } });
});

test('of a time, what was current then', async () => {
  const [, newest] = await snapshotsOf('shop.sales');
  expect(await seen([SILVER], { kind: 'time', ms: Date.now() })).toMatchObject({
    snapshots: { [SILVER]: newest },
  });
});

test('where there was none yet, or none of that id, that is said: else Athena would read what is there now', async () => {
  for (const asOf of [
    { kind: 'time', ms: 0 },
    { kind: 'snapshot', id: 1 },
  ] as const)
    await expect(seen([SILVER], asOf)).rejects.toMatchObject({ name: 'ConfigError', code: 'NO_SNAPSHOT' });
});

test('of what an earlier generation held, which Glue no longer names, nothing is sent', async () => {
  const [first = 0, second = 0] = await snapshotsOf('shop.sales');
  const ms = Date.now();
  const next = salesContract().replace('version: 1.0.0', 'version: 2.0.0').replace('(18,2)', '(18,3)');
  await shop.write('contracts/shop/sales.yaml', next);
  const { code } = await runMain(['migrate', 'shop.sales', '--reason', 'three decimals'], shop);
  expect(code).toBe(0);
  const earlier = { name: 'ConfigError', code: 'EARLIER_GENERATION' };
  for (const asOf of [
    { kind: 'snapshot', id: first },
    { kind: 'snapshot', id: second },
    { kind: 'time', ms },
  ] as const)
    await expect(seen([SILVER], asOf)).rejects.toMatchObject(earlier);
  const [now = 0] = (await snapshotsOf('shop.sales')).slice(-1);
  expect(await seen([SILVER], { kind: 'snapshot', id: now })).toMatchObject({ snapshots: { [SILVER]: now } });
});
