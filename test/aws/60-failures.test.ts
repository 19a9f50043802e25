import { DeleteObjectCommand, HeadObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { SFNClient, StopExecutionCommand } from '@aws-sdk/client-sfn';
import { afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { CLIENT_CONFIG } from '../../adapters/aws/client-config.ts';
import { pointerKey } from '../../etl/naming/tables.ts';
import type { RunRecord } from '../../etl/stages/outcomes.ts';
import { kindsOf } from '../openlineage/spec-faults.ts';
import { expectCatalogFollows } from './support/catalog.ts';
import type { Fault } from './support/faults.ts';
import { killFunction, withTimeout } from './support/lambda-process.ts';
import { lineageOf } from './support/lineage-server.ts';
import { connect, type Platform } from './support/platform.ts';
import { readTables } from './support/read-tables.ts';
import { transactions } from './support/transactions.ts';
import { until } from './support/until.ts';

/** Whatever breaks: it is recorded, told once with what to do, nothing is half-written, and other datasets go on. */

const DATASET = 'mortgages.transactions';
const OTHER = 'spend.council_payments';
const POINTER = pointerKey('silver', DATASET);
const SLOW_DOWN = {
  kind: 'answer',
  status: 503,
  code: 'SlowDown',
  message: 'Reduce your request rate.',
} as const;
const GOOD = 10;

let platform: Platform;
let otherBefore: unknown;

beforeAll(async () => {
  platform = await connect('failures');
  otherBefore = await platform.pointer('silver', OTHER);
});
afterEach(async () => {
  await platform.faults.clear();
  expect(await platform.pointer('silver', OTHER)).toEqual(otherBefore);
});

/** What readers see: the table's version and its number of rows. */
async function seen(): Promise<{ version: number; count: number }> {
  const [silver] = await readTables(platform.session, [{ table: platform.glueName('silver', DATASET) }]);
  return { version: (await platform.pointer('silver', DATASET))?.version ?? 0, count: silver?.count ?? 0 };
}

/** Drops one good file under a fault and waits for the record of its run. */
async function dropUnder(name: string, faults: readonly Fault[]): Promise<RunRecord> {
  const before = await platform.records(DATASET);
  for (const fault of faults) await platform.faults.add(fault);
  await platform.drop(DATASET, { [`${name}.csv`]: transactions(name, GOOD) });
  return (await platform.recordsBeyond(DATASET, before)).at(-1) as RunRecord;
}

/** Expects one alert of the failed run that says what and what to do. */
async function expectToldOnce(runId: string, says: RegExp, lineageHears = 'FAIL'): Promise<void> {
  const alerts = await platform.inbox.heard(`the failure of ${runId}`, (alert) => alert.runId === runId);
  expect(alerts).toHaveLength(1);
  expect(alerts[0]).toMatchObject({
    kind: 'run-failed',
    dataset: DATASET,
    nextCommand: expect.stringContaining(runId),
  });
  expect(alerts[0]?.title).toMatch(says);
  expect(alerts[0]?.readersSee).not.toBe('');
  // So does a lineage server.
  const lineage = await lineageOf(platform.session.outputs.LineageUrl, DATASET, runId);
  expect(kindsOf(lineage)).toEqual([`START ${DATASET}`, `${lineageHears} ${DATASET}`]);
}

/** Starts the dataset again, as a person does once the cause is gone, and expects the file to be published once. */
async function expectRecovery(before: { version: number; count: number }, files = 1): Promise<void> {
  await platform.faults.clear();
  await platform.start({ dataset: DATASET });
  await until('the next version', async () => (await seen()).version > before.version);
  await platform.idle(DATASET);
  expect((await seen()).count).toBe(before.count + files * GOOD);
}

describe('storage that fails for a while', () => {
  test('S3 answering 503 for a while costs nothing but time', async () => {
    const before = await seen();
    const record = await dropUnder('slow', [
      { meets: { method: 'PUT', path: 'part-' }, action: SLOW_DOWN, times: 2 },
      { meets: { method: 'GET', path: 'bronze/mortgages' }, action: SLOW_DOWN, times: 2 },
      { meets: { method: 'PUT', path: POINTER }, action: SLOW_DOWN, times: 1 },
    ]);
    expect(record.status).toBe('promoted');
    expect(await seen()).toEqual({ version: before.version + 1, count: before.count + GOOD });
  });

  test('a commit that is lost to another, 412, is planned again and published once', async () => {
    const before = await seen();
    const lost = { kind: 'answer', status: 412, code: 'PreconditionFailed', message: 'lost' } as const;
    const id = await platform.faults.add({ meets: { method: 'PUT', path: POINTER }, action: lost, times: 1 });
    const record = await dropUnder('raced', []);
    expect(await platform.faults.struck(id)).toBe(1);
    expect(record.status).toBe('promoted');
    expect(await seen()).toEqual({ version: before.version + 1, count: before.count + GOOD });
  });

  test('a commit whose answer is lost is not made twice', async () => {
    const before = await seen();
    const applied = { ...SLOW_DOWN, kind: 'answer-after' } as const;
    const id = await platform.faults.add({
      meets: { method: 'PUT', path: POINTER },
      action: applied,
      times: 1,
    });
    const record = await dropUnder('unheard', []);
    expect(await platform.faults.struck(id)).toBe(1);
    expect(record.status).toBe('promoted');
    expect(await seen()).toEqual({ version: before.version + 1, count: before.count + GOOD });
  });

  test('a catalog that denies for good leaves the commit as it is, is told of once, and is brought up to date later', async () => {
    const before = await seen();
    const tableBefore = await platform.glueTable('silver', DATASET);
    const record = await platform.denying('promote', 'glue:UpdateTable', () => dropUnder('catalog', []));
    expect(record.status).toBe('promoted');
    expect((await platform.pointer('silver', DATASET))?.version).toBe(before.version + 1);
    expect(await platform.glueTable('silver', DATASET)).toEqual(tableBefore);
    await expectToldOnce(record.runId, /published, but the catalog.*glue:UpdateTable/, 'COMPLETE');
    await platform.call('reconcile-catalog', {});
    await expectCatalogFollows(platform, 'silver', DATASET, ['silver', 'source_files']);
    expect(await seen()).toEqual({ version: before.version + 1, count: before.count + GOOD });
  });
});

describe('what fails for good', () => {
  test('a permission that is missing: nothing is published, and the next run after its repair publishes it', async () => {
    const before = await seen();
    const record = await platform.denying('seal', 's3:PutObject', () => dropUnder('denied', []));
    expect(record.status).toBe('failed');
    expect(await seen()).toEqual(before);
    await expectToldOnce(record.runId, /denied|authorized|permission/i);
    await expectRecovery(before);
  });

  test('a Lambda that is killed: the run fails, and the next one publishes its file', async () => {
    const before = await seen();
    const id = await platform.faults.add({
      meets: { method: 'PUT', path: 'silver.*part-' },
      action: { kind: 'hang' },
      times: 1,
    });
    const known = await platform.records(DATASET);
    await platform.drop(DATASET, { 'killed.csv': transactions('killed', GOOD) });
    await until('refine writing', async () => (await platform.faults.struck(id)) === 1);
    // Some more may be there, idle, from a file that was cut.
    expect(await killFunction('assay-staging-refine', platform.session.folder)).toBeGreaterThan(0);
    const [record] = await platform.recordsBeyond(DATASET, known);
    expect(record?.status).toBe('failed');
    expect(await seen()).toEqual(before);
    await expectToldOnce(record?.runId ?? '', /failed: chunk 0001: .*(exited|died)/i);
    await expectRecovery(before);
  });

  test('a Lambda that runs out of time: the same', async () => {
    const before = await seen();
    await withTimeout('assay-staging-seal', 5, async () => {
      const record = await dropUnder('late', [
        { meets: { method: 'PUT', path: '_SUCCESS' }, action: { kind: 'hang' }, times: 1 },
      ]);
      expect(record.status).toBe('failed');
      expect(await seen()).toEqual(before);
      await expectToldOnce(record.runId, /timed out/i);
    });
    await expectRecovery(before);
  });

  test('an object that vanishes after it was planned: the run fails, and without the file the next one goes through', async () => {
    const before = await seen();
    const known = await platform.records(DATASET);
    const gone = { kind: 'answer', status: 404, code: 'NoSuchKey', message: 'gone' } as const;
    await platform.faults.add({
      meets: { method: 'GET', path: '^/[^?]*vanished' },
      action: gone,
      times: 1_000,
    });
    const [key = ''] = await platform.drop(DATASET, { 'vanished.csv': transactions('vanished', GOOD) });
    const [record] = await platform.recordsBeyond(DATASET, known);
    expect(record?.status).toBe('failed');
    await expectToldOnce(record?.runId ?? '', /vanished\.csv is not there any more/);
    expect(await seen()).toEqual(before);
    await platform.store.remove(key);
    await platform.faults.clear();
    const [next] = await platform.dropAndSettle(DATASET, { 'after.csv': transactions('after', GOOD) });
    expect(next?.status).toBe('promoted');
    expect(await seen()).toEqual({ version: before.version + 1, count: before.count + GOOD });
  });

  test('a workflow that is stopped from outside is told of by its status event, and its files are taken up again', async () => {
    const before = await seen();
    const id = await platform.faults.add({
      meets: { method: 'PUT', path: 'silver.*part-' },
      action: { kind: 'hang' },
      times: 1,
    });
    await platform.drop(DATASET, { 'stopped.csv': transactions('stopped', GOOD) });
    await until('refine writing', async () => (await platform.faults.struck(id)) === 1);
    const running = (await platform.executions(DATASET)).find(({ status }) => status === 'RUNNING');
    await new SFNClient().send(new StopExecutionCommand({ executionArn: running?.arn, cause: 'the test' }));
    const alerts = await platform.inbox.heard('the stop', ({ runId }) => runId === running?.runId);
    expect(alerts).toHaveLength(1);
    expect(alerts[0]).toMatchObject({ kind: 'run-failed', details: { status: 'ABORTED' } });
    expect(alerts[0]?.nextCommand).toContain(running?.runId ?? '-');
    // Of the run itself nobody was left to tell: its alert does.
    const lineage = await lineageOf(platform.session.outputs.LineageUrl, DATASET, running?.runId ?? '');
    expect(kindsOf(lineage)).toEqual([`START ${DATASET}`, `ABORT ${DATASET}`]);
    await expectRecovery(before);
  });
});

describe('input that nobody can use', () => {
  /** Expects one alert whose title fits, on record under its name, that says what to do. */
  async function expectRefusedOnce(what: string, title: RegExp, next: RegExp): Promise<void> {
    const alerts = await platform.inbox.heard(what, (alert) => title.test(alert.title));
    expect(alerts).toHaveLength(1);
    expect(alerts[0]).toMatchObject({ kind: 'drop-refused', nextCommand: expect.stringMatching(next) });
    const recorded = await platform.store.list('ops/alerts/');
    expect(recorded.filter((key) => key.includes(alerts[0]?.runId ?? '-'))).toHaveLength(1);
  }

  test('files under a prefix without a contract start nothing, and are told of once', async () => {
    for (const name of ['one', 'two'])
      await platform.store.put(`bronze/unheard/of/ingest_date=2024-06-01/${name}.csv`, 'a,b\n1,2\n');
    await expectRefusedOnce('the unknown prefix', /unheard/, /contracts\/unheard\/of\.yaml/);
    expect(await platform.executions('unheard.of')).toEqual([]);
  });

  test("a file in no dataset's folder starts nothing, and is told of once", async () => {
    await platform.store.put('bronze/stray.csv', 'a,b\n1,2\n');
    await expectRefusedOnce('the stray file', /bronze\/stray\.csv lies in no/, /bronze\/<domain>/);
  });

  test('a file in the landing bucket of a dataset that nothing protects stays there, and is told of once', async () => {
    const s3 = new S3Client(CLIENT_CONFIG);
    const landed = {
      Bucket: platform.session.outputs.LandingBucket,
      Key: 'mortgages/transactions/clear.csv',
    };
    await s3.send(new PutObjectCommand({ ...landed, Body: transactions('clear', GOOD) }));
    await expectRefusedOnce(
      'the file in the landing bucket',
      /nothing of mortgages.transactions is protected/,
      /drop it again/,
    );
    expect((await s3.send(new HeadObjectCommand(landed))).ContentLength).toBeGreaterThan(0);
    await s3.send(new DeleteObjectCommand(landed));
    s3.destroy();
  });

  test('an event of a file that vanished before its run starts nothing, and is told of once', async () => {
    const executions = await platform.executions(DATASET);
    const key = 'bronze/mortgages/transactions/ingest_date=2024-06-01/never.csv';
    const event = { 'detail-type': 'Object Created', source: 'aws.s3', detail: { object: { key } } };
    await Promise.all([platform.start(event), platform.start(event)]);
    await expectRefusedOnce('the file that vanished', /never\.csv/, /drop it again/);
    expect(await platform.executions(DATASET)).toEqual(executions);
  });

  test('an event that names no file starts nothing, and is told of once', async () => {
    const executions = await platform.executions(DATASET);
    const event = { 'detail-type': 'Object Created', source: 'aws.s3', detail: { nothing: true } };
    await Promise.all([platform.start(event), platform.start(event)]);
    await expectRefusedOnce('the malformed event', /event is neither/, /correct what sends it/);
    expect(await platform.executions(DATASET)).toEqual(executions);
  });

  test('a run of a dataset without a contract fails, is recorded and told of once', async () => {
    const run = { dataset: 'unheard.of', runId: '20240601T000000000Z-00000000' };
    const ended = await platform.execute(run.runId, { ...run, start: 'plan' });
    expect(ended).toEqual({ status: 'FAILED', error: 'ConfigError' });
    expect(await platform.records(run.dataset)).toMatchObject([{ ...run, status: 'failed' }]);
    const alerts = await platform.inbox.heard('the failure', ({ runId }) => runId === run.runId);
    expect(alerts).toMatchObject([{ kind: 'run-failed', dataset: run.dataset }]);
    expect(alerts[0]?.title).toContain('contracts/unheard/of.yaml');
    for (const layer of ['silver', 'quarantine', 'condemned'])
      expect(await platform.store.list(`${layer}/unheard/`)).toEqual([]);
  });
});
