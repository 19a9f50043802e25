import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type Lake, openLake } from '../../adapters/local/lake.ts';
import { runDataset } from '../../adapters/local/run-dataset.ts';
import { runMain, runMainJson } from './run-main.ts';
import { AuditJson, ErrorJson, ExpireJson, RunsJson, SnapshotsJson } from './shapes.ts';
import { badSales, goodSales, openShop, salesContract } from './shop.ts';

const DAY_MS = 86_400_000;

let shop: Awaited<ReturnType<typeof openShop>>;
beforeEach(async () => {
  shop = await openShop();
});
afterEach(() => shop.dispose());

/** The lake as it was some days ago by its clock. */
const lakeDaysAgo = (days: number): Promise<Lake> =>
  openLake(path.join(shop.cwd, 'lake'), {
    contractsDir: path.join(shop.cwd, 'contracts'),
    sqlDir: path.join(shop.cwd, 'sql/gold'),
    clock: { now: () => new Date(Date.now() - days * DAY_MS) },
  });
const ingest = async (name: string, text: string) => {
  await shop.write(name, text);
  expect((await runMain(['ingest', name, '--dataset', 'shop.sales'], shop)).code).toBe(0);
};
/** Publishes a file as if that had been so many days ago, and returns Silver's snapshot. */
const publish = async (daysAgo: number, name: string, text: string) => {
  await ingest(name, text);
  const [run] = await runDataset('shop.sales', (await lakeDaysAgo(daysAgo)).effects);
  expect(run?.status).toBe('promoted');
  return run?.snapshotId ?? 0;
};
const ok = async (...args: string[]) => {
  const { code, json } = await runMainJson(args, shop);
  expect({ args, code, json }).toMatchObject({ args, code: 0 });
  return json;
};
const errorOf = async (...args: string[]) => ErrorJson.parse((await runMainJson(args, shop)).json).error.code;
const query = (sql: string, ...args: string[]) => ok('query', sql, ...args);
const snapshotIds = async (dataset: string) =>
  SnapshotsJson.parse(await ok('snapshots', dataset)).map(({ snapshotId }) => snapshotId);
/** Audits everything, which must be sound, and returns how many files nothing needs. */
const unusedFiles = async () =>
  AuditJson.parse(await ok('audit')).reduce((sum, audit) => sum + audit.unusedFiles, 0);
const countSql = 'SELECT count(*) AS n FROM silver.shop_sales';
const expire = async (dataset: string, age: string) =>
  ExpireJson.parse(await ok('expire', dataset, '--older-than', age, '--by', 'ann'));
const linesOf = (text: string) => text.split('\n').slice(1).join('\n');

describe('expire', () => {
  test('forgets what was not current for so long, and changes nothing that readers see now or could see since', async () => {
    const one = await publish(9, 'one.csv', goodSales(1, 3));
    const two = await publish(6, 'two.csv', badSales(10, 12, linesOf(goodSales(4, 5))));
    const three = await publish(1, 'three.csv', goodSales(6, 6));
    expect(await expire('shop.sales', '3d')).toMatchObject({
      layer: 'silver',
      version: 4,
      expired: { silver: [one], quarantine: [expect.any(Number)] },
      kept: { silver: 2, quarantine: 1 },
    });
    expect(await snapshotIds('shop.sales')).toEqual([three, two]);
    expect(await query(countSql)).toEqual([{ n: 6 }]);
    expect(await query(countSql, '--as-of', String(two))).toEqual([{ n: 5 }]);
    const day = (daysAgo: number) => new Date(Date.now() - daysAgo * DAY_MS).toISOString();
    expect(await query(countSql, '--as-of', day(3))).toEqual([{ n: 5 }]);
    expect(await errorOf('query', countSql, '--as-of', day(7))).toBe('SNAPSHOT_EXPIRED');
    expect(await errorOf('query', 'FROM ops.quarantine', '--as-of', day(7))).toBe('SNAPSHOT_EXPIRED');
    expect(await errorOf('query', countSql, '--as-of', String(one))).toBe('NO_SNAPSHOT');
    expect(await expire('shop.sales', '3d')).toMatchObject({ version: 4, expired: { silver: [] } });
    expect(await query('SELECT kind, "by", reason FROM ops.decisions')).toEqual([
      { kind: 'expired', by: 'ann', reason: 'maintenance' },
    ]);
    expect(await unusedFiles()).toBeGreaterThan(0);
  });

  test('a rollback to what expired says so and touches nothing; one to what is left works, with all its tables', async () => {
    const one = await publish(9, 'one.csv', badSales(10, 11, '1,Ann,1.00,2024-03-01\n'));
    const two = await publish(6, 'two.csv', badSales(20, 23, '2,Ann,2.00,2024-03-01\n'));
    await publish(1, 'three.csv', goodSales(6, 6));
    await expire('shop.sales', '3d');
    const back = (to: number) => ['rollback', 'shop.sales', '--to', String(to), '--reason', 'x'];
    expect(await errorOf(...back(one))).toBe('SNAPSHOT_EXPIRED');
    expect(await ok('run')).toMatchObject([{ status: 'nothing-to-do' }]);
    expect(await query("FROM ops.runs WHERE status <> 'promoted'")).toEqual([]);
    expect(await query(countSql)).toEqual([{ n: 3 }]);
    await ok(...back(two));
    expect(await query(`${countSql} UNION ALL SELECT count(*) FROM quarantine.shop_sales`)).toEqual([
      { n: 2 },
      { n: 4 },
    ]);
    expect(await query('SELECT CAST(sum(amount) AS VARCHAR) AS a FROM gold.shop_monthly_sales')).toEqual([
      { a: '3.00' },
    ]);
    await unusedFiles();
  });

  test('keeps what a Gold table was made from, so that Gold that fell behind catches up by what changed', async () => {
    const first = await publish(9, 'one.csv', goodSales(1, 3));
    await shop.write('sql/gold/shop/monthly_sales.sql', 'SELECT nothing');
    for (const n of [4, 5]) {
      await ingest(`${n}.csv`, goodSales(n, n));
      await runDataset('shop.sales', (await lakeDaysAgo(9 - n)).effects);
    }
    const [, second, oldest] = await snapshotIds('shop.sales');
    expect(oldest).toBe(first);
    expect((await expire('shop.sales', '1d')).expired.silver).toEqual([second]);
    expect(await snapshotIds('shop.sales')).toContain(first);
  });

  test('a held run can be approved all the same', async () => {
    await publish(9, 'one.csv', goodSales(1, 3));
    await publish(8, 'two.csv', goodSales(4, 5));
    const text = salesContract('{ maxQuarantineRate: 0.5, smallBatchRecords: 2 }');
    await shop.write('contracts/shop/sales.yaml', text);
    await ingest('held.csv', badSales(20, 40, '50,Ann,1.00,2024-03-01\n'));
    const [held] = RunsJson.parse((await runMainJson(['run'], shop)).json);
    expect(held?.status).toBe('held');
    expect((await expire('shop.sales', '1d')).expired.silver).toHaveLength(1);
    await ok('approve', held?.runId ?? '', '--digest', held?.sealDigest ?? '', '--reason', 'x');
    expect(await query(countSql)).toEqual([{ n: 6 }]);
    await unusedFiles();
  });

  test('a Gold table forgets its own snapshots; the ledger and the condemned records forget none', async () => {
    await publish(9, 'one.csv', goodSales(1, 3));
    await publish(8, 'two.csv', badSales(20, 21, '4,Ann,1.00,2024-03-01\n'));
    await ok('quarantine', 'condemn', '--all', '--dataset', 'shop.sales', '--reason', 'x');
    const gold = await snapshotIds('shop.monthly_sales');
    expect(gold).toHaveLength(2);
    expect(await expire('shop.monthly_sales', '1d')).toMatchObject({
      layer: 'gold',
      expired: { gold: [gold[1]] },
    });
    expect(await snapshotIds('shop.monthly_sales')).toEqual(gold.slice(0, 1));
    expect((await expire('shop.sales', '0m')).kept).toEqual({ silver: 1, quarantine: 1 });
    const sql = 'SELECT table_name AS t, count(*) AS n FROM ops.snapshots GROUP BY ALL ORDER BY ALL';
    expect(await query(sql)).toEqual([
      { t: 'condemned.shop_sales', n: 2 },
      { t: 'gold.shop_monthly_sales', n: 1 },
      { t: 'ops.source_files', n: 3 },
      { t: 'quarantine.shop_sales', n: 1 },
      { t: 'silver.shop_sales', n: 1 },
    ]);
    expect(await errorOf('expire', 'shop.sales')).toBe('USAGE');
    expect(await errorOf('expire', 'shop.sales', '--older-than', 'long')).toBe('USAGE');
    expect(await errorOf('expire', 'shop.nothing', '--older-than', '1d')).toBe('NO_CONTRACT');
    await unusedFiles();
  });
});
