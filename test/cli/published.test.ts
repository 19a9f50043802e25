import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { runMain, runMainJson } from './run-main.ts';
import {
  ContractsCheckJson,
  IngestJson,
  InitJson,
  ReconcileJson,
  ReportJson,
  ReportsJson,
  RunsJson,
  ShowJson,
  SnapshotsJson,
} from './shapes.ts';
import { goodSales, openShop, salesContract } from './shop.ts';

let shop: Awaited<ReturnType<typeof openShop>>;
beforeEach(async () => {
  shop = await openShop();
});
afterEach(() => shop.dispose());

const ingest = async (...args: string[]) => {
  const { code, json } = await runMainJson(['ingest', ...args, '--dataset', 'shop.sales'], shop);
  expect(code).toBe(0);
  return IngestJson.parse(json);
};
const run = async (...args: string[]) => {
  const { code, json } = await runMainJson(['run', ...args], shop);
  return { code, runs: RunsJson.parse(json) };
};

describe('the rest', () => {
  test('init leaves a lake as it is', async () => {
    const { json } = await runMainJson(['init'], shop);
    expect(InitJson.parse(json)).toEqual({ lake: path.join(shop.cwd, 'lake'), created: false });
  });

  test('reconcile names every table that was published, and does no harm', async () => {
    const reconcile = async () => ReconcileJson.parse((await runMainJson(['reconcile'], shop)).json).tables;
    expect(await reconcile()).toEqual([]);
    await shop.write('a.csv', goodSales(1, 3));
    await ingest('a.csv');
    await run();
    const layers = ['silver', 'quarantine', 'condemned', 'source_files'].map(
      (layer) => `${layer}.shop_sales`,
    );
    for (let n = 0; n < 2; n++)
      expect((await reconcile()).sort()).toEqual(['gold.shop_monthly_sales', ...layers].sort());
    expect((await runMain(['reconcile'], shop)).out).toContain('5 tables in the catalog are up to date');
  });

  test('$ASSAY_LAKE names the lake, and --lake goes before it', async () => {
    const env = { ASSAY_LAKE: 'elsewhere' };
    expect((await runMain(['runs'], { cwd: shop.cwd, env })).code).toBe(2);
    expect(await runMain(['runs', '--lake', 'lake'], { cwd: shop.cwd, env })).toMatchObject({
      code: 0,
      out: 'There are no runs yet.',
    });
  });

  test('runs, snapshots and reports follow what was published', async () => {
    await shop.write('a.csv', goodSales(1, 3));
    await ingest('a.csv');
    await run();
    await shop.write('b.csv', goodSales(4, 10));
    await ingest('b.csv');
    const { runs } = await run();
    const listed = RunsJson.parse((await runMainJson(['runs', '--limit', '1'], shop)).json);
    expect(listed.map(({ runId }) => runId)).toEqual([runs[0]?.runId]);
    const snapshots = SnapshotsJson.parse((await runMainJson(['snapshots', 'shop.sales'], shop)).json);
    expect(snapshots.map(({ totalRecords, isCurrent }) => ({ totalRecords, isCurrent }))).toEqual([
      { totalRecords: 10, isCurrent: true },
      { totalRecords: 3, isCurrent: false },
    ]);
    expect(snapshots[0]).toMatchObject({
      snapshotId: runs[0]?.snapshotId,
      runId: runs[0]?.runId,
      addedRecords: 7,
    });
    expect(ReportsJson.parse((await runMainJson(['report'], shop)).json)).toMatchObject([
      { report: 'shop.monthly_sales' },
    ]);
    for (const name of ['shop.monthly_sales', 'gold.shop_monthly_sales', 'monthly_sales']) {
      const report = ReportJson.parse((await runMainJson(['report', name, '--month', '2024-03'], shop)).json);
      expect(report).toMatchObject({
        madeFrom: [{ dataset: 'shop.sales', snapshotId: runs[0]?.snapshotId }],
        isRestated: true,
        rows: [
          { as_of_month: '2024-03-01', sales: 10, amount: '12.50', silver_snapshot_id: runs[0]?.snapshotId },
        ],
      });
    }
    expect(
      ReportJson.parse((await runMainJson(['report', 'monthly_sales', '--month', '2030-01'], shop)).json)
        .rows,
    ).toEqual([]);
    // As it was: by the snapshot that it was made from, by its own, and by a time between the two.
    const asOf = (when: string) => runMainJson(['report', 'monthly_sales', '--as-of', when], shop);
    const first = snapshots[1];
    const before = ReportJson.parse((await asOf(String(first?.snapshotId))).json);
    expect(before).toMatchObject({
      contractVersion: null,
      madeFrom: [{ dataset: 'shop.sales', snapshotId: first?.snapshotId }],
      rows: [{ as_of_month: '2024-03-01', sales: 3, amount: '3.75', silver_snapshot_id: first?.snapshotId }],
    });
    for (const when of [String(before.snapshotId), before.committedAt ?? ''])
      expect(ReportJson.parse((await asOf(when)).json)).toEqual(before);
    expect(await asOf('2001-01-01')).toMatchObject({ code: 2, json: { error: { code: 'NO_SNAPSHOT' } } });
    expect(await asOf('lately')).toMatchObject({ code: 2, json: { error: { code: 'AS_OF' } } });
    const shown = await runMain(['report', 'monthly_sales', '--as-of', String(first?.snapshotId)], shop);
    expect(shown.out).toMatch(
      new RegExp(`from shop\\.sales snapshot ${first?.snapshotId}\\.[\\s\\S]*3\\.75`),
    );
    expect((await runMain(['report', '--as-of', '2024-01-01'], shop)).code).toBe(2);
    expect(await runMain(['report', 'monthly_sale'], shop)).toMatchObject({
      code: 2,
      err: expect.stringContaining("did you mean 'shop.monthly_sales'?"),
    });
    expect((await runMain(['report', 'monthly_sales'], shop)).out).toMatch(
      /from shop\.sales snapshot \d+.*[\s\S]*12\.50[\s\S]*ops\.restatements/,
    );
    expect((await runMain(['report', 'monthly_sales', '--format', 'csv'], shop)).out).toMatch(
      /^as_of_month,sales,amount,silver_snapshot_id\n2024-03-01,10,12\.50,\d+$/,
    );
  });

  test('show wants enough of a run id', async () => {
    expect(await runMain(['show', '3000'], shop)).toMatchObject({
      code: 2,
      err: expect.stringContaining('There are no runs yet'),
    });
    for (const n of [1, 2]) {
      await shop.write('a.csv', goodSales(n, n));
      await ingest('a.csv');
      await run();
    }
    expect(await runMain(['show', '20'], shop)).toMatchObject({
      code: 2,
      err: expect.stringContaining('2 runs begin with'),
    });
  });

  test('contracts check names every problem, and the missing SQL of a Gold table', async () => {
    const good = await runMainJson(['contracts', 'check'], shop);
    expect(good.code).toBe(0);
    expect(ContractsCheckJson.parse(good.json).contracts.map(({ dataset }) => dataset)).toEqual([
      'shop.monthly_sales',
      'shop.sales',
    ]);
    await rm(path.join(shop.cwd, 'sql/gold/shop/monthly_sales.sql'));
    await shop.write(
      'contracts/shop/sales.yaml',
      salesContract().replace('DECIMAL(18,2)', 'FLOAT').replace('kind:', 'kidn:'),
    );
    const bad = await runMainJson(['contracts', 'check'], shop);
    expect(bad.code).toBe(2);
    const { problems } = ContractsCheckJson.parse(bad.json);
    expect(new Set(problems.map(({ file }) => file))).toContain('contracts/shop/sales.yaml');
    expect(problems.length).toBeGreaterThanOrEqual(2);
    await shop.write('contracts/shop/sales.yaml', salesContract());
    const missing = await runMain(['contracts', 'check'], shop);
    expect(missing.err).toMatch(
      /^contracts\/shop\/monthly_sales\.yaml:\d+: assay\.sql: .*monthly_sales\.sql doesn't exist/,
    );
    expect((await runMain(['contracts', 'check', 'contracts/shop/sales.yaml'], shop)).code).toBe(0);
    expect((await runMain(['contracts', 'check', 'contracts/none.yaml'], shop)).code).toBe(2);
  });

  test('a record rule that is no expression is a problem of the contract, and nothing is ingested', async () => {
    const rule = `    quality:
      - type: custom
        engine: assay
        name: paid_something
        implementation: amount > (SELECT 1)
    customProperties:`;
    await shop.write('contracts/shop/sales.yaml', salesContract().replace('    customProperties:', rule));
    const { code, out } = await runMain(['contracts', 'check', '--json'], shop);
    expect(code).toBe(2);
    const { problems } = ContractsCheckJson.parse(JSON.parse(out));
    expect(problems).toMatchObject([
      { file: 'contracts/shop/sales.yaml', message: expect.stringContaining('paid_something') },
    ]);
    await shop.write('a.csv', goodSales(1, 2));
    expect((await runMain(['ingest', 'a.csv', '--dataset', 'shop.sales'], shop)).code).toBe(2);
    expect((await runMain(['run'], shop)).code).toBe(2);
  });

  test('every document that a command prints is documented', async () => {
    const docs = await readFile(new URL('../../docs/cli.md', import.meta.url), 'utf8');
    for (const shape of [
      IngestJson.element,
      ShowJson,
      SnapshotsJson.element,
      ReportJson,
      ReportsJson.element,
    ]) {
      for (const field of Object.keys(shape.shape)) expect(docs).toContain(`"${field}"`);
    }
  });
});
