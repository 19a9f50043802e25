import { GetTableCommand, GlueClient, UpdateTableCommand } from '@aws-sdk/client-glue';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { spansKey } from '../../etl/naming/runs.ts';
import type { RunRecord } from '../../etl/stages/outcomes.ts';
import { expectCatalogFollows } from './support/catalog.ts';
import { type EmbeddedLake, embeddedLake, figuresOf } from './support/embedded.ts';
import { leedsFiles, sumOf } from './support/examples.ts';
import { connect, type Platform } from './support/platform.ts';
import { readTables } from './support/read-tables.ts';
import { replay } from './support/replay.ts';
import { until } from './support/until.ts';

/** Ten real files, as published, dropped at once into the deployed platform. */

const DATASET = 'spend.council_payments';
const GOLD = ['spend.monthly_totals', 'spend.monthly_by_supplier'];
/** As test/aws/support/deploy.ts has it deployed. */
const CHUNK_BYTES = 1024 * 1024;
const LAYERS = ['silver', 'quarantine', 'condemned', 'source_files'] as const;

let platform: Platform;
let embedded: EmbeddedLake;
let files: Record<string, Uint8Array>;
let runs: RunRecord[];

beforeAll(async () => {
  platform = await connect('leeds');
  embedded = await embeddedLake();
  files = await leedsFiles();
  runs = await platform.dropAndSettle(DATASET, files);
}, 300_000);
afterAll(() => embedded?.dispose());

const total = (pick: (run: RunRecord) => number): number => runs.reduce((sum, run) => sum + pick(run), 0);
const control = (): string => sumOf(runs.flatMap((run) => run.controlTotals.map(({ silver }) => silver)));

test('every file is in exactly one promoted run', () => {
  expect(runs.map(({ status }) => status)).toEqual(runs.map(() => 'promoted'));
  const keys = runs.flatMap((run) => run.files.map(({ key }) => key));
  expect(keys).toHaveLength(Object.keys(files).length);
  expect(new Set(keys).size).toBe(keys.length);
});

test('every execution succeeded, and each promoted run is one of them', async () => {
  const executions = await platform.executions(DATASET);
  expect(executions.filter(({ status }) => status !== 'SUCCEEDED')).toEqual([]);
  const names = executions.map(({ runId }) => runId);
  expect(names).toEqual(expect.arrayContaining(runs.map(({ runId }) => runId)));
});

test('the pointer names the last run, and Glue has the metadata of each table that it names', async () => {
  const pointer = await platform.pointer('silver', DATASET);
  expect(pointer?.run_id).toBe(runs.at(-1)?.runId);
  expect(pointer?.version).toBe(runs.length);
  expect(pointer?.execution).toMatch(/^arn:aws:states:.*:execution:/);
  await expectCatalogFollows(platform, 'silver', DATASET, LAYERS);
  for (const table of GOLD) await expectCatalogFollows(platform, 'gold', table, ['gold']);
});

test('PyIceberg finds the counts and the sums of the seals through the Glue catalog', async () => {
  const [silver, december, ledger, gold] = await readTables(platform.session, [
    { table: platform.glueName('silver', DATASET), sums: ['net_amount'] },
    { table: platform.glueName('silver', DATASET), filter: "payment_date < '2011-01-01'" },
    { table: platform.glueName('source_files', DATASET), sums: ['silver', 'records'] },
    { table: platform.glueName('gold', 'spend.monthly_totals'), sums: ['payments', 'net_amount'] },
  ]);
  expect(silver?.count).toBe(total(({ counts }) => counts.silver));
  expect(silver?.sums.net_amount).toBe(control());
  expect(december?.files).toBeLessThan(december?.all_files ?? 0);
  expect(ledger?.count).toBe(Object.keys(files).length);
  expect(ledger?.sums.records).toBe(String(total(({ counts }) => counts.records)));
  expect(gold?.sums).toEqual({ payments: String(silver?.count), net_amount: control() });
});

test('the file that is larger than what one function refines was cut, and each range refined by a function of its own', async () => {
  const large = runs.find(({ files: own }) => own.some(({ sizeBytes }) => sizeBytes > CHUNK_BYTES));
  const sizes = large?.files.map(({ sizeBytes }) => sizeBytes).filter((size) => size > CHUNK_BYTES) ?? [];
  const spans = (await platform.store.json(spansKey(DATASET, large?.runId ?? ''))) as Record<
    string,
    { records: number }
  >;
  expect(sizes).toHaveLength(1);
  expect(Object.keys(spans)).toHaveLength(Math.ceil((sizes[0] ?? 0) / CHUNK_BYTES));
  const records = Object.values(spans).reduce((sum, span) => sum + span.records, 0);
  expect(records).toBe(large?.files.find(({ sizeBytes }) => sizeBytes > CHUNK_BYTES)?.records);
});

describe('parity with the embedded run of the same files, none of which is cut there', () => {
  let local: RunRecord[];
  beforeAll(async () => {
    local = await replay(platform, embedded, runs);
  });

  test('the digest and every figure of every seal are equal', () => {
    expect(local.map(figuresOf)).toEqual(runs.map(figuresOf));
    expect(runs.every(({ sealDigest }) => /^[0-9a-f]{64}$/.test(sealDigest ?? ''))).toBe(true);
  });

  test('Gold is equal, row by row', async () => {
    for (const [table, columns] of [
      ['spend.monthly_totals', ['as_of_month', 'payments', 'suppliers', 'net_amount', 'revenue_amount']],
      ['spend.monthly_by_supplier', ['as_of_month', 'supplier_name', 'payments', 'net_amount']],
    ] as const) {
      const pointer = await embedded.pointer('gold', table);
      const [there, here] = await readTables(platform.session, [
        { table: platform.glueName('gold', table), rows: columns },
        { metadata: pointer?.metadata_location ?? '', rows: columns },
      ]);
      expect(there?.count).toBeGreaterThan(0);
      expect(there?.rows).toEqual(here?.rows);
    }
  });
});

describe('what comes twice', () => {
  const lambda = new LambdaClient();
  const start = (payload: unknown): Promise<unknown> =>
    lambda.send(
      new InvokeCommand({
        FunctionName: platform.session.outputs.StartRunFunction,
        Payload: Buffer.from(JSON.stringify(payload)),
      }),
    );

  test('the same events again change nothing, however many at once', async () => {
    const before = await platform.pointer('silver', DATASET);
    const [key = ''] = runs[0]?.files.map((file) => file.key) ?? [];
    const event = {
      version: '0',
      id: '6f7c3f0a-0000-4000-8000-000000000001',
      source: 'aws.s3',
      'detail-type': 'Object Created',
      time: '2024-06-01T06:00:00Z',
      detail: { bucket: { name: platform.session.outputs.BronzeBucket }, object: { key, size: 1 } },
    };
    await Promise.all([start(event), start(event), start(event)]);
    await until('no execution running', async () =>
      (await platform.executions(DATASET)).every(({ status }) => status !== 'RUNNING'),
    );
    expect(await platform.pointer('silver', DATASET)).toEqual(before);
  });

  test('the same bytes under another name are a repeat, and no record is counted twice', async () => {
    const [record] = await platform.dropAndSettle(DATASET, { 'again.csv': files['2010-12.csv'] ?? '' });
    expect(record?.files.map(({ status }) => status)).toEqual(['repeat']);
    const [silver] = await readTables(platform.session, [{ table: platform.glueName('silver', DATASET) }]);
    expect(silver?.count).toBe(total(({ counts }) => counts.silver));
  });
});

describe('the catalog never goes backwards', () => {
  const lambda = new LambdaClient();
  const glue = new GlueClient();

  test('promoting an old run again, which is published already, moves nothing', async () => {
    const before = await platform.glueTable('silver', DATASET);
    const stale = { dataset: DATASET, runId: runs[0]?.runId ?? '' };
    const current = await platform.pointer('silver', DATASET);
    expect(current?.run_id).not.toBe(stale.runId);
    const { FunctionError, Payload } = await lambda.send(
      new InvokeCommand({
        FunctionName: 'assay-staging-promote',
        Payload: Buffer.from(JSON.stringify(stale)),
      }),
    );
    expect(FunctionError).toBeUndefined();
    expect(JSON.parse(Buffer.from(Payload ?? []).toString('utf8'))).toMatchObject({ ...stale, version: 1 });
    expect(await platform.pointer('silver', DATASET)).toEqual(current);
    expect(await platform.glueTable('silver', DATASET)).toEqual(before);
  });

  test('a table that was left behind is moved on by the reconcile schedule', async () => {
    const [DatabaseName = '', Name = ''] = platform.glueName('silver', DATASET).split('.');
    const { Table } = await glue.send(new GetTableCommand({ DatabaseName, Name }));
    const behind = {
      ...Table?.Parameters,
      metadata_location: Table?.Parameters?.previous_metadata_location ?? 's3://nowhere/metadata.json',
      'assay.version': '1',
    };
    const { StorageDescriptor, TableType } = Table ?? {};
    await glue.send(
      new UpdateTableCommand({
        DatabaseName,
        TableInput: { Name, StorageDescriptor, TableType, Parameters: behind },
      }),
    );
    await lambda.send(
      new InvokeCommand({ FunctionName: 'assay-staging-reconcile-catalog', Payload: Buffer.from('{}') }),
    );
    await expectCatalogFollows(platform, 'silver', DATASET, LAYERS);
  });
});
