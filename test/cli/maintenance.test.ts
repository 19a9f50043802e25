import { readdir, readFile, stat, utimes } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type Lake, openLake } from '../../adapters/local/lake.ts';
import { runDataset } from '../../adapters/local/run-dataset.ts';
import { loadContracts, requireContract } from '../../etl/contract/load-contracts.ts';
import { withEngine } from '../../etl/engine/engine.ts';
import { compact as compactDataset } from '../../etl/operations/compact.ts';
import { vacuum as vacuumDataset } from '../../etl/operations/vacuum.ts';
import { withWriter } from '../../etl/operations/with-writer.ts';
import { releaseLease, takeLease } from '../../etl/stages/start-run/lease.ts';
import { runMain, runMainJson } from './run-main.ts';
import {
  AuditJson,
  CompactJson,
  ErrorJson,
  ExpireJson,
  LetGoJson,
  RunsJson,
  SnapshotsJson,
  VacuumJson,
} from './shapes.ts';
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

describe('expire --condemned', () => {
  const condemned = async (...args: string[]) =>
    LetGoJson.parse(await ok('expire', '--condemned', '--older-than', '7y', ...args));

  test('says without a reason what would go, and with one lets it go, of all datasets; other records stay', async () => {
    await publish(3000, 'old.csv', badSales(10, 12, '1,Ann,1.00,2016-03-01\n'));
    await publish(1, 'young.csv', badSales(20, 21, '2,Ann,2.00,2024-03-01\n'));
    const preview = await condemned();
    expect(preview).toMatchObject({
      isDryRun: true,
      datasets: [{ dataset: 'shop.sales', version: 2, records: 2, quarantined: 2, condemned: 0 }],
    });
    expect(await condemned('--dry-run', '--reason', 'only looking')).toMatchObject({ isDryRun: true });
    const values = 'SELECT count(record) AS n, count(*) AS rows FROM quarantine.shop_sales';
    expect(await query(values)).toEqual([{ n: 3, rows: 3 }]);
    const done = await condemned('--reason', 'seven years', '--by', 'ann');
    expect(done).toMatchObject({ isDryRun: false, datasets: [{ version: 3, records: 2 }] });
    expect(await query(values)).toEqual([{ n: 1, rows: 3 }]);
    expect(await query('SELECT count(*) AS n FROM ops.quarantine WHERE is_open')).toEqual([{ n: 1 }]);
    expect(await query('SELECT kind, "by", reason FROM ops.decisions')).toEqual([
      { kind: 'let-go', by: 'ann', reason: 'seven years' },
    ]);
    expect(await condemned('--reason', 'again')).toMatchObject({ datasets: [{ version: 3, records: 0 }] });
    await unusedFiles();
    // A dataset with a held run keeps no other from it.
    const other = salesContract()
      .replaceAll('shop.sales', 'shop.returns')
      .replace('name: sales', 'name: returns');
    await shop.write('contracts/shop/returns.yaml', other.replace('- name: sales', '- name: returns'));
    await ingest('held.csv', badSales(30, 60));
    expect((await runMain(['run', '--dataset', 'shop.sales'], shop)).code).toBe(1);
    const { code, json } = await runMainJson(
      ['expire', '--condemned', '--older-than', '1d', '--reason', 'none but held'],
      shop,
    );
    expect({ code, ...LetGoJson.parse(json) }).toMatchObject({
      code: 2,
      datasets: [{ dataset: 'shop.returns', records: 0 }],
      refused: [{ dataset: 'shop.sales', error: { code: 'HELD_RUN' } }],
    });
    expect(await errorOf('expire', '--condemned', 'shop.sales', '--older-than', '1d', '--reason', 'x')).toBe(
      'HELD_RUN',
    );
  });

  test('what can not be meant is told', async () => {
    for (const args of [
      ['--condemned'],
      ['--condemned', '--older-than', '7h'],
      ['--older-than', '90d'],
      ['shop.sales', '--older-than', '90d', '--dry-run'],
      ['--condemned', '--older-than', '7y', '--reason', ' '],
    ])
      expect([args, await errorOf('expire', ...args)]).toEqual([args, 'USAGE']);
    const unknown = ['expire', '--condemned', 'shop.none', '--older-than', '7y'];
    expect(await errorOf(...unknown)).toBe('NO_CONTRACT');
  });
});

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

  test('a Gold table forgets its own snapshots; of the ledger and the condemned records no row goes, nor which states there were', async () => {
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
    const states = 'SELECT * EXCLUDE is_expired FROM ops.states ORDER BY version';
    const before = await query(states);
    expect(before).toHaveLength(3);
    const rows = 'SELECT count(*) AS n FROM ops.condemned UNION ALL SELECT count(*) FROM ops.source_files';
    const counted = await query(rows);
    const one = { silver: 1, quarantine: 1, condemned: 1, source_files: 1 };
    expect((await expire('shop.sales', '0m')).kept).toEqual(one);
    expect(await query(states)).toEqual(before);
    expect(await query('SELECT is_expired AS x FROM ops.states ORDER BY version')).toEqual([
      { x: true },
      { x: true },
      { x: false },
    ]);
    expect(await query(rows)).toEqual(counted);
    const sql = 'SELECT table_name AS t, count(*) AS n FROM ops.snapshots GROUP BY ALL ORDER BY ALL';
    expect(await query(sql)).toEqual([
      { t: 'condemned.shop_sales', n: 1 },
      { t: 'gold.shop_monthly_sales', n: 1 },
      { t: 'ops.source_files', n: 1 },
      { t: 'quarantine.shop_sales', n: 1 },
      { t: 'silver.shop_sales', n: 1 },
    ]);
    expect(await errorOf('expire', 'shop.sales')).toBe('USAGE');
    expect(await errorOf('expire', 'shop.sales', '--older-than', 'long')).toBe('USAGE');
    expect(await errorOf('expire', 'shop.nothing', '--older-than', '1d')).toBe('NO_CONTRACT');
    await unusedFiles();
  });
});

/** Makes every file of the lake look as if it had last been written so many days earlier. */
const age = async (days: number) => {
  for (const name of await readdir(path.join(shop.cwd, 'lake'), { recursive: true })) {
    const file = path.join(shop.cwd, 'lake', name);
    const { mtimeMs, atime } = await stat(file);
    await utimes(file, atime, new Date(mtimeMs - days * DAY_MS));
  }
};
/** Runs what is pending in a process that dies when it stores an object for the n-th time from now. */
const runAndDie = async (nth: number) => {
  const { effects } = await lakeDaysAgo(0);
  let left = nth;
  const put: typeof effects.objects.put = (...args) =>
    --left <= 0 ? Promise.reject(new Error('killed')) : effects.objects.put(...args);
  await expect(
    runDataset('shop.sales', { ...effects, objects: { ...effects.objects, put } }),
  ).rejects.toThrow();
};
const vacuum = async (...args: string[]) => VacuumJson.parse(await ok('vacuum', ...args));
const keysOf = (done: Awaited<ReturnType<typeof vacuum>>) =>
  done.flatMap(({ removed }) => removed).map(({ key }) => key);

describe('vacuum', () => {
  test('removes what dead and ended runs and expired snapshots left, when it is old, and nothing that is needed', async () => {
    const one = await publish(9, 'one.csv', badSales(90, 91, linesOf(goodSales(1, 3))));
    await publish(5, 'two.csv', goodSales(4, 5));
    await expire('shop.sales', '1d');
    await ingest('three.csv', goodSales(6, 6));
    for (const nth of [4, 7]) await runAndDie(nth);
    expect(keysOf(await vacuum('--dry-run'))).toEqual([]);
    await age(2);
    const planned = await vacuum('--dry-run');
    expect(await vacuum('--dry-run')).toEqual(planned);
    const keys = keysOf(planned);
    expect(keys.some((key) => /^silver\/shop\/sales\/.*part-.*\.parquet$/.test(key))).toBe(true);
    expect(keys.some((key) => key.startsWith('silver/shop/sales/metadata/'))).toBe(true);
    expect(keys.some((key) => /ops\/staging\/.*rejects-0001\.parquet$/.test(key))).toBe(true);
    expect(await unusedFiles()).toBeGreaterThan(0);
    expect(await vacuum()).toEqual(planned);
    expect(keysOf(await vacuum())).toEqual([]);
    expect(await unusedFiles()).toBe(0);
    expect(await query(countSql)).toEqual([{ n: 5 }]);
    expect(await snapshotIds('shop.sales')).not.toContain(one);
    expect(await ok('run')).toMatchObject([{ status: 'promoted' }]);
    expect(await query(countSql)).toEqual([{ n: 6 }]);
    await unusedFiles();
  });

  test('every snapshot that is left can still be read and gone back to', async () => {
    const ids = [
      await publish(9, 'one.csv', goodSales(1, 3)),
      await publish(8, 'two.csv', goodSales(4, 5)),
      await publish(7, 'three.csv', goodSales(6, 6)),
    ];
    await ok('rollback', 'shop.sales', '--to', String(ids[0]), '--reason', 'x');
    await age(30);
    await vacuum();
    for (const [n, id] of ids.entries())
      expect(await query(countSql, '--as-of', String(id))).toEqual([{ n: [3, 5, 6][n] }]);
    await ok('rollback', 'shop.sales', '--to', String(ids[2]), '--reason', 'x');
    expect(await query(countSql)).toEqual([{ n: 6 }]);
    expect(await unusedFiles()).toBe(0);
  });

  test('a held run keeps all it staged, and is published by its approval', async () => {
    await publish(9, 'one.csv', goodSales(1, 3));
    await shop.write(
      'contracts/shop/sales.yaml',
      salesContract('{ maxQuarantineRate: 0.5, smallBatchRecords: 2 }'),
    );
    await ingest('held.csv', badSales(20, 40, '50,Ann,1.00,2024-03-01\n'));
    const [held] = RunsJson.parse((await runMainJson(['run'], shop)).json);
    await age(30);
    expect(keysOf(await vacuum()).filter((key) => key.includes(held?.runId ?? '?'))).toEqual([]);
    expect((await runMain(['show', held?.runId ?? ''], shop)).out).toContain('TYPE_ERROR');
    await ok('approve', held?.runId ?? '', '--digest', held?.sealDigest ?? '', '--reason', 'x');
    expect(await query(countSql)).toEqual([{ n: 4 }]);
    await unusedFiles();
  });

  test('leaves a dataset alone while a run or other work may be under way', async () => {
    await publish(9, 'one.csv', goodSales(1, 3));
    await age(30);
    await ingest('two.csv', goodSales(4, 4));
    await runAndDie(4);
    const skipped = [
      { dataset: 'shop.monthly_sales', skipped: expect.stringContaining('may be under way'), removed: [] },
      { dataset: 'shop.sales', skipped: expect.stringContaining('run '), removed: [] },
    ];
    expect(await vacuum('--older-than', '1h')).toMatchObject(skipped);
    expect((await runMain(['vacuum'], shop)).out).toContain('shop.sales: left alone; run ');
    await age(2);
    const { effects } = await lakeDaysAgo(0);
    await withWriter(effects, { dataset: 'shop.sales', id: 'x', kind: 'compaction' }, async () => {
      const [, sales] = await vacuum();
      expect(sales?.skipped).toContain('compaction x of shop.sales may be under way');
    });
    const run = { dataset: 'shop.sales', runId: 'leased' };
    expect(await takeLease(effects, run, undefined)).toBe(true);
    const [, leased] = await vacuum();
    expect(leased?.skipped).toContain('run leased of shop.sales may be under way since');
    await releaseLease(run, effects);
    expect(keysOf(await vacuum()).length).toBeGreaterThan(2);
  });

  test('tells ages by the store’s clock: by one that runs ahead of it, nothing young looks old', async () => {
    await publish(0, 'one.csv', goodSales(1, 3));
    await publish(0, 'two.csv', goodSales(4, 4));
    await expire('shop.sales', '0m');
    const { effects } = await lakeDaysAgo(-30);
    const { contracts } = await loadContracts(effects.contracts);
    for (const contract of contracts.values()) {
      const request = { contract, olderThanMs: DAY_MS, isDryRun: false };
      expect(await vacuumDataset(effects, request)).toMatchObject({ skipped: null, removed: [] });
    }
    expect(await unusedFiles()).toBeGreaterThan(0);
  });

  test('knows the files of a Gold refresh that died with nothing else to do, and removes them', async () => {
    await publish(0, 'one.csv', goodSales(1, 3));
    const sql = await readFile(path.join(shop.cwd, 'sql/gold/shop/monthly_sales.sql'), 'utf8');
    await shop.write('sql/gold/shop/monthly_sales.sql', sql.replace('SUM(amount)', '2 * SUM(amount)'));
    const { effects } = await lakeDaysAgo(0);
    let isDead = false;
    const put: typeof effects.objects.put = async (key, ...rest) => {
      isDead ||= key.startsWith('gold/');
      if (isDead) throw new Error('killed');
      return await effects.objects.put(key, ...rest);
    };
    const dying = { ...effects, objects: { ...effects.objects, put } };
    await expect(runDataset('shop.sales', dying)).rejects.toThrow();
    await shop.write('sql/gold/shop/monthly_sales.sql', sql);
    expect(await query('SELECT count(*) AS n FROM ops.runs')).toEqual([{ n: 1 }]);
    expect(await unusedFiles()).toBe(1);
    await age(2);
    const keys = keysOf(await vacuum());
    expect(keys.filter((key) => key.startsWith('gold/'))).toHaveLength(1);
    expect(await unusedFiles()).toBe(0);
    const [left] = await readdir(path.join(shop.cwd, 'lake/ops/refreshes/shop/monthly_sales')).then((names) =>
      names.filter((name) => keys[0]?.includes(name.replace('.json', ''))),
    );
    expect(left).toBeDefined();
    expect(keysOf(await vacuum())).toEqual([`ops/refreshes/shop/monthly_sales/${left}`]);
    expect(await query('FROM gold.shop_monthly_sales')).toHaveLength(1);
  });

  test('leaves a file that nobody of ours wrote, which the audit goes on naming, and Bronze', async () => {
    await publish(9, 'one.csv', goodSales(1, 3));
    const strays = [
      'silver/shop/sales/schema_v=v1/run_id=20200101T000000000Z-aabbccdd/part-0.parquet',
      'silver/shop/sales/notes.txt',
      'gold/shop/monthly_sales/schema_v=v1/run_id=20200101T000000000Z-aabbccdd/part-0.parquet',
    ];
    for (const key of strays) await shop.write(path.join('lake', key), 'x');
    await age(30);
    const keys = keysOf(await vacuum());
    for (const key of strays) expect(keys).not.toContain(key);
    expect(keys.filter((key) => key.startsWith('bronze/'))).toEqual([]);
    const { code, json } = await runMainJson(['audit'], shop);
    const problems = AuditJson.parse(json).flatMap((audit) => audit.problems);
    expect({ code, keys: problems.map(({ key }) => key) }).toEqual({
      code: 1,
      keys: strays.sort(),
    });
  });

  test('where it can’t be told what is needed, nothing is removed', async () => {
    await publish(9, 'one.csv', goodSales(1, 3));
    await publish(8, 'two.csv', goodSales(4, 5));
    const folder = path.join(shop.cwd, 'lake/silver/shop/sales/metadata');
    const list = (await readdir(folder)).find((name) => name.startsWith('snap-')) ?? '';
    await shop.write(path.join('lake/silver/shop/sales/metadata', list), 'damaged');
    await age(30);
    expect(await errorOf('vacuum', '--dataset', 'shop.sales')).toBe('TABLE_DAMAGED');
    expect(await errorOf('vacuum', '--older-than', '59m')).toBe('USAGE');
  });

  test('killed at any step, leaves nothing that an audit can’t explain, and a repeat finishes it', async () => {
    await publish(9, 'one.csv', badSales(90, 91, linesOf(goodSales(1, 3))));
    await publish(8, 'two.csv', goodSales(4, 5));
    await expire('shop.sales', '1d');
    await ingest('three.csv', goodSales(6, 6));
    for (const nth of [4, 7]) await runAndDie(nth);
    await age(30);
    const { effects } = await lakeDaysAgo(0);
    const contract = requireContract(await loadContracts(effects.contracts), 'shop.sales');
    const request = { contract, olderThanMs: DAY_MS, isDryRun: false };
    const all = (await vacuumDataset(effects, { ...request, isDryRun: true })).removed.length;
    expect(all).toBeGreaterThan(10);
    for (let left = all; left > 0; left -= 4) {
      let steps = 0;
      const remove = (key: string): Promise<void> =>
        ++steps > 4 ? Promise.reject(new Error('killed')) : effects.objects.remove(key);
      const doomed = { ...effects, objects: { ...effects.objects, remove } };
      const ended = await vacuumDataset(doomed, request).then(
        () => 'done',
        () => 'killed',
      );
      // Its own mark goes last.
      expect(ended).toBe(left > 3 ? 'killed' : 'done');
      await unusedFiles();
    }
    expect(await unusedFiles()).toBe(0);
  });
});

const compact = async (...args: string[]) => CompactJson.parse(await ok('compact', 'shop.sales', ...args));
const goldFiles = () =>
  query("SELECT snapshot_id, total_records FROM ops.snapshots WHERE table_name LIKE 'gold%' ORDER BY ALL");
const rowsSql = 'FROM silver.shop_sales ORDER BY ALL';

describe('compact', () => {
  /** Six files in March and two in April, some with a column that came later. */
  const publishMany = async () => {
    for (const n of [1, 2, 3]) await publish(20 - n, `${n}.csv`, goodSales(n * 10, n * 10 + 5));
    const contract = salesContract().replace(
      '    customProperties:',
      `      - name: till
        logicalType: string
        classification: public
        description: Which till.
    customProperties:`,
    );
    await shop.write('contracts/shop/sales.yaml', contract.replace('version: 1.0.0', 'version: 1.1.0'));
    for (const n of [4, 5])
      await publish(
        20 - n,
        `${n}.csv`,
        `sale_id,customer,amount,sold_on,till\n${n},Ann,1.00,2024-03-01,A${n}\n`,
      );
    for (const n of [6, 7])
      await publish(
        20 - n,
        `${n}.csv`,
        `sale_id,customer,amount,sold_on,till\n${n},Bob,2.00,2024-04-01,B${n}\n`,
      );
  };

  test('joins a month’s small files into one, changes no row, leaves Gold alone, and a repeat does nothing', async () => {
    await publishMany();
    const [rows, gold] = [await query(rowsSql), await goldFiles()];
    const ids = await snapshotIds('shop.sales');
    const planned = await compact('--dry-run');
    expect(planned).toMatchObject({ from: ids[0], to: ids[0], joined: [{ filesAfter: null }, {}] });
    const done = await compact('--by', 'ann');
    expect(done).toMatchObject({
      from: ids[0],
      version: 8,
      joined: [
        { month: '2024-03', rows: 20, filesBefore: 5, filesAfter: 1 },
        { month: '2024-04', rows: 2, filesBefore: 2, filesAfter: 1 },
      ],
    });
    expect(await query(rowsSql)).toEqual(rows);
    expect(await goldFiles()).toEqual(gold);
    const [newest] = SnapshotsJson.parse(await ok('snapshots', 'shop.sales'));
    expect(newest).toMatchObject({ snapshotId: done.to, operation: 'replace', totalRecords: 22 });
    expect(await ok('diff', 'shop.sales', String(done.from), String(done.to))).toMatchObject({ keyCount: 0 });
    expect(await compact()).toMatchObject({ from: done.to, to: done.to, joined: [] });
    expect(await unusedFiles()).toBe(0);
    expect((await runMain(['health'], shop)).code).toBe(0);
    expect(await query('SELECT kind, "by" FROM ops.decisions')).toEqual([{ kind: 'compacted', by: 'ann' }]);
    for (const [n, id] of ids.entries())
      expect(await query(countSql, '--as-of', String(id))).toEqual([{ n: [22, 21, 20, 19, 18, 12, 6][n] }]);
  });

  test('the next run makes only the months anew that it changes, also where Gold had not heard of it', async () => {
    await publishMany();
    const pointer = path.join(shop.cwd, 'lake/gold/shop/monthly_sales/_LATEST.json');
    const sql = path.join(shop.cwd, 'sql/gold/shop/monthly_sales.sql');
    const text = await readFile(sql, 'utf8');
    const before = await readFile(pointer, 'utf8');
    await shop.write('sql/gold/shop/monthly_sales.sql', 'SELECT nothing');
    expect((await runMain(['compact', 'shop.sales'], shop)).code).not.toBe(0);
    expect(await readFile(pointer, 'utf8')).toBe(before);
    await shop.write('sql/gold/shop/monthly_sales.sql', text);
    await publish(0, 'late.csv', 'sale_id,customer,amount,sold_on,till\n99,Ann,1.00,2024-04-09,C\n');
    const [newest, previous] = SnapshotsJson.parse(await ok('snapshots', 'shop.monthly_sales'));
    expect(newest).toMatchObject({ addedRecords: 1, removedRecords: 1, totalRecords: 2 });
    expect(previous?.totalRecords).toBe(2);
    expect(await unusedFiles()).toBe(0);
  });

  test('a rollback to before it works, and so does one over it; expired and vacuumed, the small files are gone', async () => {
    await publishMany();
    const ids = await snapshotIds('shop.sales');
    const back = (to = 0) => ok('rollback', 'shop.sales', '--to', String(to), '--reason', 'x');
    const { to } = await compact();
    expect(await back(ids[0])).toMatchObject({
      rolledBack: [],
      restored: [],
      gold: [{ months: 0, restated: 0 }],
    });
    expect(await back(ids[1])).toMatchObject({ rolledBack: [{}], gold: [{ months: 1, restated: 2 }] });
    expect(await back(to)).toMatchObject({ restored: [{}], gold: [{ restated: 2 }] });
    expect(await query(countSql)).toEqual([{ n: 22 }]);
    await expire('shop.sales', '0m');
    await age(30);
    await vacuum();
    const data = (await readdir(path.join(shop.cwd, 'lake/silver/shop/sales'), { recursive: true })).filter(
      (name) => name.endsWith('.parquet'),
    );
    expect(data).toHaveLength(2);
    expect(await query(countSql)).toEqual([{ n: 22 }]);
    expect(await unusedFiles()).toBe(0);
  });

  test('a record of a compacted file still leads to its line, meets its duplicates, and is replaced', async () => {
    await publishMany();
    await compact();
    const { out } = await runMain(['lineage', 'shop.sales', 'sale_id=20'], shop);
    expect(out).toMatch(/2\.csv +2 +1 /);
    await ingest('again.csv', `${goodSales(10, 11)}`);
    const [run] = RunsJson.parse((await runMainJson(['run'], shop)).json);
    expect(run).toMatchObject({ counts: { silver: 0, condemned: 2 }, reasons: { DUPLICATE: 2 } });
  });

  test('commits nothing where a row came out otherwise, where it was killed, or where a run was first', async () => {
    await publishMany();
    const rows = await query(rowsSql);
    const { effects, root } = await lakeDaysAgo(0);
    const request = { dataset: 'shop.sales', targetBytes: 1e8, isDryRun: false };
    const word = { by: 'ann', reason: 'x' };
    const publishFile = effects.data.publish;
    const changed = {
      ...effects,
      data: {
        ...effects.data,
        publish: async (scratch: string, key: string) => {
          await withEngine(effects.engine, path.join(root, '.spill'), (engine) =>
            engine.run(
              `COPY (SELECT * REPLACE (CASE WHEN sale_id = '4' THEN 9.99 ELSE amount END AS amount) FROM '${scratch}') TO '${scratch}' (FORMAT parquet)`,
            ),
          );
          await publishFile(scratch, key);
        },
      },
    };
    await expect(compactDataset(changed, request, word)).rejects.toMatchObject({ code: 'ROWS_CHANGED' });
    let raced = false;
    const racing = {
      ...effects,
      data: {
        ...effects.data,
        publish: async (scratch: string, key: string) => {
          await publishFile(scratch, key);
          if (!raced) {
            raced = true;
            await ok('quarantine', 'list');
            await ingest('first.csv', 'sale_id,customer,amount,sold_on,till\n98,Ann,1.00,2024-05-01,C\n');
            await runDataset('shop.sales', effects);
          }
        },
      },
    };
    await expect(compactDataset(racing, request, word)).rejects.toMatchObject({ name: 'ConflictError' });
    expect(await query(`FROM silver.shop_sales WHERE sale_id <> '98' ORDER BY ALL`)).toEqual(rows);
    expect(await unusedFiles()).toBeGreaterThan(0);
    await age(2);
    await vacuum();
    expect(await unusedFiles()).toBe(0);
    expect((await compact()).joined).toHaveLength(2);
    expect(await errorOf('compact', 'shop.sales', '--target-mb', '0')).toBe('USAGE');
    expect(await errorOf('compact', 'shop.monthly_sales')).not.toBe('');
  });
});
