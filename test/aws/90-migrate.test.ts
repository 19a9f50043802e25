import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { z } from 'zod';
import { fileContractSource } from '../../adapters/local/contract-source.ts';
import { loadContracts } from '../../etl/contract/load-contracts.ts';
import { readNamedQueries } from '../../lib/query/named-queries.ts';
import { QuarantineListJson, RollbackJson, RunsJson, SnapshotsJson } from '../cli/shapes.ts';
import { goodSales, openShop, type Shop, salesContract } from '../cli/shop.ts';
import { assay as runAssay } from './support/assay.ts';
import { person } from './support/person.ts';
import { connect, type Platform } from './support/platform.ts';
import { ROOT } from './support/python.ts';
import { readTables, runScript } from './support/read-tables.ts';
import { contractsWith, deployContracts } from './support/redeploy.ts';

/**
 * A new major version of a contract that is deployed: runs are held until an operator migrates, and then Glue and what is
 * asked through it follow to the new generation. The last test, since other contracts stay deployed.
 */

const DATASET = 'shop.sales';
const LAYERS = ['silver', 'quarantine', 'condemned', 'source_files'] as const;
const NAMED_QUERIES = fileURLToPath(new URL('readers/run_queries.py', import.meta.url));
const LIMIT_MS = 400_000;

let platform: Platform;
let shop: Shop;
let operator: Record<string, string>;
let deployed: Awaited<ReturnType<typeof contractsWith>>;
let stackName: string;

beforeAll(async () => {
  platform = await connect('migrate');
  shop = await openShop();
  await deploy('Assay-shop-1');
}, LIMIT_MS);
afterAll(async () => {
  await deployed?.remove();
  await shop.dispose();
});

/** Deploys the shop's contracts as they are now. */
async function deploy(name: string): Promise<void> {
  await deployed?.remove();
  deployed = await contractsWith(shop.cwd);
  stackName = name;
  await deployContracts(platform.session, stackName, deployed);
  operator = await person('migrate-operator', ['operator', 'operator-query'], stackName);
}

async function json(...args: readonly string[]): Promise<unknown> {
  const { contractsDir: contracts, sqlDir: sql } = deployed;
  const where = ['--target', 'aws', '--stack', stackName, '--contracts', contracts, '--sql', sql, '--json'];
  const { code, out, err } = await runAssay([...args, ...where], { cwd: shop.cwd, env: operator });
  if (code !== 0) throw new Error(`assay ${args.join(' ')} ended with ${code}: ${out}${err}`);
  return JSON.parse(out);
}

const query = (sql: string, ...more: string[]): Promise<unknown> =>
  json('query', sql, '--engine', 'local', ...more);

/** Every function starts anew with its new code, which takes a while on a busy machine. */
async function dropAndSettle(files: Readonly<Record<string, string>>) {
  return await platform.settled(DATASET, await platform.drop(DATASET, files), LIMIT_MS);
}

/** What an engine reads that knows nothing but Glue. */
async function throughGlue() {
  const [silver, gold] = await readTables(platform.session, [
    { table: platform.glueName('silver', DATASET), sums: ['amount'] },
    { table: platform.glueName('gold', 'shop.monthly_sales'), sums: ['sales', 'amount'] },
  ]);
  return { rows: silver?.count, amount: silver?.sums.amount, gold: gold?.sums };
}

/** Glue's tables are where the pointers say. */
async function expectGlueToFollow(): Promise<void> {
  const pointer = await platform.pointer('silver', DATASET);
  for (const layer of LAYERS)
    expect((await platform.glueTable(layer, DATASET)).metadataLocation).toBe(
      pointer?.tables[layer]?.metadata_location,
    );
  const gold = await platform.pointer('gold', 'shop.monthly_sales');
  expect((await platform.glueTable('gold', 'shop.monthly_sales')).metadataLocation).toBe(
    gold?.metadata_location,
  );
}

const Rows = z.record(z.string(), z.array(z.record(z.string(), z.unknown())));

/** The named queries of the dataset, as an analyst would run them. */
async function namedQueries() {
  const { python, url, outputs } = platform.session;
  const { contracts } = await loadContracts(fileContractSource(deployed));
  const folder = path.join(ROOT, 'sql/athena');
  const all = readNamedQueries(folder, outputs.DatabasePrefix, [...contracts.values()]);
  const queries = all.filter(({ name }) => name.endsWith(DATASET));
  return Rows.parse(
    JSON.parse(await runScript(python, NAMED_QUERIES, JSON.stringify({ endpoint: url, queries }))),
  );
}

test(
  'a figure of a month that was over changes: people are told over SNS, and ops.restatements has it',
  async () => {
    await dropAndSettle({ 'a.csv': goodSales(1, 3) });
    const [second] = await dropAndSettle({ 'b.csv': `${goodSales(4, 5)}90,Zoe,x,2024-03-05\n` });
    const alerts = await platform.inbox.heard(
      'of restated figures',
      ({ kind, dataset }) => kind === 'figures-restated' && dataset === 'shop.monthly_sales',
    );
    const figures = [
      { column: 'amount', old: '3.75', new: '6.25' },
      { column: 'sales', old: '3', new: '5' },
    ];
    expect(alerts).toMatchObject([
      { dataset: 'shop.monthly_sales', runId: second?.runId, details: { restated: 2, figures } },
    ]);
    expect(
      await query(
        `SELECT run_id AS run, "column", old_value AS old, new_value AS new FROM ops.restatements WHERE run_id = '${second?.runId}' ORDER BY "column"`,
      ),
    ).toEqual(figures.map((figure) => ({ run: second?.runId, ...figure })));
  },
  3 * LIMIT_MS,
);

test(
  'a new major version holds runs, and an operator sees what it would change',
  async () => {
    const before = await platform.pointer('silver', DATASET);
    const next = salesContract()
      .replace('version: 1.0.0', 'version: 2.0.0')
      .replace('DECIMAL(18,2)', 'DECIMAL(18,3)');
    await shop.write('contracts/shop/sales.yaml', next);
    await deploy('Assay-shop-2');
    await platform.drop(DATASET, { 'c.csv': 'sale_id,customer,amount,sold_on\n6,Flo,0.125,2024-03-09\n' });
    const [held] = await platform.inbox.heard(
      'of a run that is held',
      ({ kind, dataset, title }) => kind === 'run-held' && dataset === DATASET && title.includes('2.0.0'),
    );
    expect(held?.nextCommand).toBe('assay migrate shop.sales --dry-run');
    await platform.idle(DATASET);
    expect(await json('migrate', DATASET, '--dry-run')).toMatchObject({
      from: '1.0.0',
      to: '2.0.0',
      files: 2,
      counts: { silverNow: 5, silverThen: 5 },
      sums: [{ measure: 'amount', before: '6.25', after: '6.250' }],
    });
    expect(await platform.pointer('silver', DATASET)).toEqual(before);
    expect(await throughGlue()).toMatchObject({ rows: 5, amount: '6.25' });
  },
  2 * LIMIT_MS,
);

const Migrated = z.looseObject({ run: z.looseObject({ runId: z.string(), status: z.string() }) });

test(
  'the migration is a run of the workflow; Glue, named queries and what waited follow to the new generation',
  async () => {
    const done = Migrated.parse(await json('migrate', DATASET, '--reason', 'three decimals', '--by', 'ann'));
    expect(done).toMatchObject({
      run: { status: 'promoted', counts: { silver: 5, quarantined: 1 } },
      outcome: { lost: 0, rows: { before: 5, after: 5 } },
    });
    const executions = await platform.executions(DATASET);
    expect(executions.find(({ runId }) => runId === done.run.runId)?.status).toBe('SUCCEEDED');
    const now = await platform.pointer('silver', DATASET);
    expect(now).toMatchObject({ generation: 2, run_id: done.run.runId });
    expect(now?.metadata_location).toContain('/silver/generation=2/shop/sales/metadata/');
    await expectGlueToFollow();
    expect(await throughGlue()).toMatchObject({ rows: 5, amount: '6.250' });
    // The file that waited is read by the next run, and a record that failed before is corrected.
    const runs = RunsJson.parse(await json('run', '--dataset', DATASET));
    expect(runs).toMatchObject([{ status: 'promoted', counts: { silver: 1 } }]);
    const [open] = QuarantineListJson.parse(await json('quarantine', 'list', '--dataset', DATASET));
    const id = open?.records[0]?.record ?? '';
    const by = ['--reason', 'as invoiced', '--by', 'ann'];
    expect(
      await json('quarantine', 'correct', id, 'amount=1.005', '--dataset', DATASET, ...by),
    ).toMatchObject({ runs: [{ status: 'promoted', counts: { records: 1, silver: 1 } }] });
    await expectGlueToFollow();
    expect(await throughGlue()).toEqual({ rows: 7, amount: '7.380', gold: { sales: '7', amount: '7.38' } });
    const named = await namedQueries();
    const [last] = named[`freshness: ${DATASET}`] ?? [];
    expect(last?.last_run_id).toBe((await platform.pointer('silver', DATASET))?.run_id);
    expect(named[`run history: ${DATASET}`]).toContainEqual(
      expect.objectContaining({ run_id: done.run.runId }),
    );
    expect(await json('audit', '--dataset', DATASET)).toMatchObject([{ problems: [] }]);
  },
  3 * LIMIT_MS,
);

test(
  'the old generation is asked with --as-of and gone back to as one, and Glue with it',
  async () => {
    const snapshots = SnapshotsJson.parse(await json('snapshots', DATASET));
    expect(snapshots.map(({ generation }) => generation)).toEqual([2, 2, 2, 1, 1]);
    const [now, , , old] = snapshots;
    const sum = 'SELECT count(*) AS n, CAST(sum(amount) AS VARCHAR) AS amount FROM silver.shop_sales';
    expect(await query(sum)).toEqual([{ n: 7, amount: '7.380' }]);
    expect(await query(sum, '--as-of', String(old?.snapshotId))).toEqual([{ n: 5, amount: '6.25' }]);
    const goTo = async (snapshotId: number | undefined) => {
      const word = ['--reason', 'a test', '--by', 'ann'];
      RollbackJson.parse(await json('rollback', DATASET, '--to', String(snapshotId), ...word));
      await expectGlueToFollow();
    };
    await goTo(old?.snapshotId);
    expect(await throughGlue()).toEqual({ rows: 5, amount: '6.25', gold: { sales: '5', amount: '6.25' } });
    await goTo(now?.snapshotId);
    expect(await throughGlue()).toEqual({ rows: 7, amount: '7.380', gold: { sales: '7', amount: '7.38' } });
  },
  3 * LIMIT_MS,
);

test(
  'files in an archive and sheets of workbooks come to Silver, each under its own name',
  async () => {
    const packed = async (name: string) => await readFile(path.join(ROOT, 'test/archives/files', name));
    const files = { 'sales.zip': await packed('sales.zip'), 'sales.xlsx': await packed('sales.xlsx') };
    const keys = await platform.drop(DATASET, files);
    const members = ['jan.csv', '2024/feb.csv.gz', 'mar.xlsx'];
    const read = keys.flatMap((key) =>
      key.endsWith('.zip') ? members.map((name) => `${key}#${name}`) : [key],
    );
    const runs = await platform.settled(DATASET, read, LIMIT_MS);
    const counts = runs.map((run) => run.counts);
    expect(counts.reduce((sum, { silver }) => sum + silver, 0)).toBe(4);
    expect(counts.reduce((sum, { quarantined }) => sum + quarantined, 0)).toBe(3);
    const sql = "SELECT status, note FROM ops.source_files WHERE source_file LIKE '%sales.%'";
    expect(await query(sql)).toEqual(read.map(() => ({ status: 'accepted', note: null })));
    expect(await throughGlue()).toEqual({
      rows: 11,
      amount: '24.380',
      gold: { sales: '11', amount: '24.38' },
    });
    await expectGlueToFollow();
  },
  2 * LIMIT_MS,
);
