import { readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type Lake, openLake } from '../../adapters/local/lake.ts';
import { runDataset } from '../../adapters/local/run-dataset.ts';
import { loadContracts, requireContract } from '../../etl/contract/load-contracts.ts';
import { withEngine } from '../../etl/engine/engine.ts';
import { upgrade as upgradeDataset } from '../../etl/operations/upgrade.ts';
import type { Effects } from '../../etl/ports.ts';
import { runMain, runMainJson } from '../cli/run-main.ts';
import { AuditJson, ErrorJson, RunsJson, SnapshotsJson, UpgradeJson, VacuumJson } from '../cli/shapes.ts';
import { encodingsOf, openOutside, rowsOutside } from '../support/outside-table.ts';
import { openOldLake } from './old-lake.ts';

/** A lake of an earlier version: it goes on working as it is, and is what other engines read once it is upgraded. */

const SALES = ['silver', 'quarantine', 'condemned', 'ops/source_files'].map((layer) => `${layer}/shop/sales`);
const TABLES = [...SALES, 'gold/shop/monthly_sales'];
const WORD = ['--reason', 'Athena reads the tables', '--by', 'ann'];
const NEW_NAME = /^\d{5}-[0-9a-f-]{36}\.metadata\.json$/;

let old: Awaited<ReturnType<typeof openOldLake>>;
let root: string;
beforeEach(async () => {
  old = await openOldLake();
  root = path.join(old.cwd, 'lake');
});
afterEach(() => old.dispose());

const ok = async (...args: string[]) => {
  const { code, json } = await runMainJson(args, old);
  expect({ args, code, json }).toMatchObject({ args, code: 0 });
  return json;
};
const query = (sql: string, ...args: string[]) => ok('query', sql, ...args);
const upgrade = async (...args: string[]) => UpgradeJson.parse(await ok('upgrade', ...args));
const lake = (): Promise<Lake> =>
  openLake(root, {
    contractsDir: path.join(old.cwd, 'contracts'),
    sqlDir: path.join(old.cwd, 'sql/gold'),
  });
const outside = (table: string) =>
  openOutside(
    root,
    SALES.includes(table) ? 'silver/shop/sales/_LATEST.json' : `${table}/_LATEST.json`,
    table,
  );
/** What icebird and hyparquet find in each table: the kind of its metadata's name, its encodings, its rows. */
async function found() {
  const tables = await Promise.all(TABLES.map(outside));
  return Promise.all(
    tables.map(async (table) => ({
      name: table.metadataName,
      encodings: await encodingsOf(table.files.map((file) => file.path)),
      rows: await rowsOutside(table),
    })),
  );
}
/** Every object's key and bytes. */
async function everything(): Promise<Map<string, string>> {
  const names = await readdir(root, { recursive: true, withFileTypes: true });
  const files = names.filter((one) => one.isFile() && !one.name.startsWith('.'));
  const paths = files.map((one) => path.join(one.parentPath, one.name)).sort();
  return new Map(
    await Promise.all(
      paths.map(async (file) => [file, (await readFile(file)).toString('base64')] as [string, string]),
    ),
  );
}
const unusedFiles = async () =>
  AuditJson.parse(await ok('audit')).reduce((sum, audit) => sum + audit.unusedFiles, 0);
/** A vacuum that takes every file for two days old. */
async function vacuumOld() {
  const day = new Date(Date.now() - 2 * 86_400_000);
  for (const name of await readdir(root, { recursive: true })) await utimes(path.join(root, name), day, day);
  return VacuumJson.parse(await ok('vacuum')).flatMap((one) => one.removed);
}
/** What the lake's new place leaves unused is manifests with the old one; beside them goes what runs staged. */
async function vacuumManifests(): Promise<void> {
  const removed = await vacuumOld();
  expect(removed.filter(({ key }) => !/^ops.staging|.metadata.[^/]*\.avro$/.test(key))).toEqual([]);
}
const drop = async (name: string, ...lines: string[]) => {
  await writeFile(
    path.join(old.cwd, name),
    `${['sale_id,customer,amount,sold_on,till', ...lines].join('\n')}\n`,
  );
  await ok('ingest', name, '--dataset', 'shop.sales');
};
const run = async () => RunsJson.parse((await runMainJson(['run'], old)).json);
const countSql = 'SELECT count(*) AS n FROM silver.shop_sales';
const ALL_SQL = [
  'silver.shop_sales',
  'quarantine.shop_sales',
  'condemned.shop_sales',
  'ops.source_files',
  'gold.shop_monthly_sales',
].map((table) => `FROM ${table} ORDER BY ALL`);

describe('a lake of an earlier version', () => {
  test('is run, audited, vacuumed, rolled back and asked as it is; new metadata goes on under new names', async () => {
    const [before] = SnapshotsJson.parse(await ok('snapshots', 'shop.sales'));
    expect(await unusedFiles()).toBe(0);
    await drop('four.csv', '40,Zoë,4.00,2024-05-01,B');
    expect(await run()).toMatchObject([{ status: 'promoted' }]);
    expect(await query(countSql)).toEqual([{ n: 18 }]);
    expect((await outside('silver/shop/sales')).metadataName).toMatch(/^00005-/);
    await ok('rollback', 'shop.sales', '--to', String(before?.snapshotId), ...WORD);
    expect(await query(countSql)).toEqual([{ n: 17 }]);
    await ok('vacuum');
    expect(await unusedFiles()).toBe(0);
  });
});

describe('upgrade', () => {
  test('gives all five tables names and encodings that every engine takes, and changes no row of any', async () => {
    const [before, asked] = [await found(), await Promise.all(ALL_SQL.map((sql) => query(sql)))];
    expect(before.every(({ name }) => name.startsWith('v'))).toBe(true);
    expect(before.map(({ encodings }) => encodings.some((one) => one.startsWith('DELTA')))).toEqual(
      TABLES.map(() => true),
    );
    expect(before.map(({ rows }) => rows.length)).toEqual([17, 4, 1, 4, 3]);
    const [sales, monthly] = await upgrade(...WORD);
    expect(sales).toMatchObject({ dataset: 'shop.sales', layer: 'silver', version: 6 });
    expect(sales?.tables).toMatchObject([
      { table: 'silver.shop_sales', renamed: true, filesBefore: 6, rows: 17, filesAfter: 3 },
      { table: 'quarantine.shop_sales', renamed: true, filesBefore: 1, rows: 4, filesAfter: 1 },
      { table: 'condemned.shop_sales', renamed: true, filesBefore: 1, rows: 1, filesAfter: 1 },
      { table: 'source_files.shop_sales', renamed: true, filesBefore: 4, rows: 4, filesAfter: 1 },
    ]);
    expect(monthly?.tables).toMatchObject([
      { table: 'gold.shop_monthly_sales', renamed: true, filesBefore: 3, rows: 3, filesAfter: 3 },
    ]);
    const after = await found();
    expect(after.map(({ rows }) => rows)).toEqual(before.map(({ rows }) => rows));
    for (const { name, encodings } of after) {
      expect(name).toMatch(NEW_NAME);
      expect(encodings.filter((one) => !/^(PLAIN|RLE)(_DICTIONARY)?$/.test(one))).toEqual([]);
    }
    expect(await Promise.all(ALL_SQL.map((sql) => query(sql)))).toEqual(asked);
    await vacuumManifests();
    expect(await unusedFiles()).toBe(0);
    expect((await runMain(['health'], old)).code).toBe(0);
  });

  test('says first what it would do, and then does nothing', async () => {
    const before = await everything();
    const planned = await upgrade('--dry-run');
    expect(
      planned.map(({ version, tables }) => [version, tables.map(({ filesAfter }) => filesAfter)]),
    ).toEqual([
      [5, [null, null, null, null]],
      [4, [null]],
    ]);
    expect(await everything()).toEqual(before);
    const [only, ...none] = await upgrade('--dry-run', '--dataset', 'shop.monthly_sales');
    expect([only?.dataset, none]).toEqual(['shop.monthly_sales', []]);
    const { code, json } = await runMainJson(['upgrade'], old);
    expect([code, ErrorJson.parse(json).error.code]).toEqual([2, 'USAGE']);
    const { out } = await runMain(['upgrade', '--dry-run'], old);
    expect(out).toContain('shop.sales: 4 tables would be upgraded');
    expect(await everything()).toEqual(before);
  });

  test('done once, it leaves alone what it is asked for again, and is kept as a decision', async () => {
    const [first] = await upgrade(...WORD);
    const before = await everything();
    expect(await upgrade(...WORD)).toMatchObject([
      { version: 6, from: first?.to, to: first?.to, tables: [] },
      { tables: [] },
    ]);
    expect(await everything()).toEqual(before);
    const kept = 'SELECT dataset, "by", reason FROM ops.decisions WHERE kind = \'upgraded\' ORDER BY dataset';
    expect(await query(kept)).toEqual([
      { dataset: 'shop.monthly_sales', by: 'ann', reason: 'Athena reads the tables' },
      { dataset: 'shop.sales', by: 'ann', reason: 'Athena reads the tables' },
    ]);
  });

  test('earlier snapshots are still there; after a rollback to one, its files are written anew as well', async () => {
    const snapshots = SnapshotsJson.parse(await ok('snapshots', 'shop.sales'));
    const [first] = await upgrade(...WORD);
    for (const { snapshotId, totalRecords } of snapshots)
      expect(await query(countSql, '--as-of', String(snapshotId))).toEqual([{ n: totalRecords }]);
    await ok('rollback', 'shop.sales', '--to', String(snapshots[1]?.snapshotId), ...WORD);
    const [again] = await upgrade(...WORD);
    expect(again?.tables.find(({ table }) => table === 'silver.shop_sales')).toMatchObject({ rows: 15 });
    await ok('rollback', 'shop.sales', '--to', String(first?.to), ...WORD);
    expect(await query(countSql)).toEqual([{ n: 17 }]);
    await vacuumManifests();
    expect(await unusedFiles()).toBe(0);
  });

  test('runs go on after it: duplicates, attempts and Gold are as they would have been', async () => {
    await upgrade(...WORD);
    await drop(
      'four.csv',
      '1,Ann,1.25,2024-03-02,A',
      '40,Zoë,4.00,2024-03-01,B',
      '13,"Customer, 13",x,2024-03-05,',
    );
    expect(await run()).toMatchObject([
      { status: 'promoted', counts: { silver: 1, quarantined: 1, condemned: 1 } },
    ]);
    const gold = SnapshotsJson.parse(await ok('snapshots', 'shop.monthly_sales'));
    expect(gold[0]).toMatchObject({ addedRecords: 1, removedRecords: 1, totalRecords: 3 });
    await ok('audit');
  });
});

describe('an upgrade that meets trouble', () => {
  const word = { by: 'ann', reason: 'x' };
  const contractOf = async (effects: Effects, dataset: string) =>
    requireContract(await loadContracts(effects.contracts), dataset);
  /** Effects that do something beside each file that is published. */
  const publishing = (
    effects: Effects,
    publish: (scratch: string, key: string) => Promise<void>,
  ): Effects => ({ ...effects, data: { ...effects.data, publish } });

  test('commits nothing where a row came out otherwise', async () => {
    const { effects } = await lake();
    const before = await query(ALL_SQL[0] ?? '');
    const changing = publishing(effects, async (scratch, key) => {
      await withEngine(effects.engine, path.join(root, '.spill'), (engine) =>
        engine.run(
          `COPY (SELECT * REPLACE (CASE WHEN sale_id = '4' THEN 9.99 ELSE amount END AS amount) FROM '${scratch}') TO '${scratch}' (FORMAT parquet)`,
        ),
      );
      await effects.data.publish(scratch, key);
    });
    const contract = await contractOf(effects, 'shop.sales');
    await expect(upgradeDataset(changing, { contract, isDryRun: false }, word)).rejects.toMatchObject({
      code: 'ROWS_CHANGED',
    });
    expect(await query(ALL_SQL[0] ?? '')).toEqual(before);
    expect((await outside('silver/shop/sales')).metadataName).toMatch(/^v4-/);
  });

  test('killed anywhere it changes nothing, a repeat does all, and a vacuum finds what it left', async () => {
    const { effects } = await lake();
    for (const [dataset, after] of [
      ['shop.sales', 4],
      ['shop.monthly_sales', 1],
    ] as const) {
      let published = 0;
      const dying = publishing(effects, async (scratch, key) => {
        if (published++ === after) throw new Error('killed');
        await effects.data.publish(scratch, key);
      });
      const contract = await contractOf(effects, dataset);
      await expect(upgradeDataset(dying, { contract, isDryRun: false }, word)).rejects.toThrow('killed');
    }
    expect((await found()).every(({ name }) => name.startsWith('v'))).toBe(true);
    expect(await unusedFiles()).toBe(5);
    expect((await upgrade(...WORD)).map(({ tables }) => tables.length)).toEqual([4, 1]);
    const removed = await vacuumOld();
    expect(removed.filter(({ key }) => key.includes('/part-upgrade-'))).toHaveLength(5);
    expect(await unusedFiles()).toBe(0);
  });

  test('takes its place behind a run that commits meanwhile', async () => {
    const { effects } = await lake();
    let raced = false;
    const racing = publishing(effects, async (scratch, key) => {
      await effects.data.publish(scratch, key);
      if (raced) return;
      raced = true;
      await drop('four.csv', '40,Zoë,4.00,2024-05-01,B');
      await runDataset('shop.sales', effects);
    });
    const contract = await contractOf(effects, 'shop.sales');
    const done = await upgradeDataset(racing, { contract, isDryRun: false }, word);
    expect(done).toMatchObject({ version: 7 });
    expect(await query(countSql)).toEqual([{ n: 18 }]);
    const [silver] = await found();
    expect(silver?.rows).toHaveLength(18);
    expect(silver?.encodings.filter((one) => one.startsWith('DELTA'))).toEqual([]);
    await vacuumManifests();
    expect(await unusedFiles()).toBe(0);
  });
});
