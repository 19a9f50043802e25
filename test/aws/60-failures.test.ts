import { SFNClient, StopExecutionCommand } from '@aws-sdk/client-sfn';
import { afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { pointerKey } from '../../etl/naming.ts';
import type { RunRecord } from '../../etl/stages/documents.ts';
import { expectCatalogFollows } from './support/catalog.ts';
import type { Fault } from './support/faults.ts';
import { killFunction, withTimeout } from './support/lambda-process.ts';
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
async function expectToldOnce(runId: string, says: RegExp): Promise<void> {
  const alerts = await platform.inbox.heard(`the failure of ${runId}`, (alert) => alert.runId === runId);
  expect(alerts).toHaveLength(1);
  expect(alerts[0]).toMatchObject({
    kind: 'run-failed',
    dataset: DATASET,
    nextCommand: expect.stringContaining(runId),
  });
  expect(alerts[0]?.title).toMatch(says);
  expect(alerts[0]?.readersSee).not.toBe('');
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
    await expectToldOnce(record.runId, /published, but the catalog.*glue:UpdateTable/);
    await platform.call('reconcile-catalog', {});
    await expectCatalogFollows(platform, 'silver', DATASET, ['silver', 'source_files']);
    expect(await seen()).toEqual({ version: before.version + 1, count: before.count + GOOD });
  }, 240_000);
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
    expect(await killFunction('assay-staging-refine', platform.session.folder)).toBe(1);
    const [record] = await platform.recordsBeyond(DATASET, known);
    expect(record?.status).toBe('failed');
    expect(await seen()).toEqual(before);
    await expectToldOnce(record?.runId ?? '', /failed/);
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

  test('an object that vanishes after it was planned: the run fails, and without the file the next one has nothing to do', async () => {
    const before = await seen();
    const [key = ''] = await (async () => {
      const gone = { kind: 'answer', status: 404, code: 'NoSuchKey', message: 'gone' } as const;
      await platform.faults.add({ meets: { method: 'GET', path: 'vanished' }, action: gone, times: 1_000 });
      return platform.drop(DATASET, { 'vanished.csv': transactions('vanished', GOOD) });
    })();
    const alerts = await platform.inbox.heard(
      'the vanished object',
      ({ dataset, title }) => dataset === DATASET && title.includes('vanished'),
    );
    expect(alerts).toHaveLength(1);
    expect(await seen()).toEqual(before);
    await platform.store.remove(key);
    await platform.faults.clear();
    await platform.idle(DATASET);
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
    await expectRecovery(before);
  });
});

describe('input that nobody can use', () => {
  test('a file under a prefix without a contract starts nothing, and is told of once', async () => {
    const key = 'bronze/unheard/of/ingest_date=2024-06-01/file.csv';
    await platform.store.put(key, 'a,b\n1,2\n');
    const alerts = await platform.inbox.heard('the unknown prefix', ({ title }) => title.includes('unheard'));
    expect(alerts).toHaveLength(1);
    expect(alerts[0]?.nextCommand).not.toBe('');
    expect(await platform.executions('unheard.of')).toEqual([]);
    expect(await platform.store.list('ops/alerts/')).toEqual(
      expect.arrayContaining([expect.stringContaining(alerts[0]?.runId ?? '-')]),
    );
  });

  test('an event that names no file starts nothing, and is told of', async () => {
    const executions = (await platform.executions(DATASET)).length;
    await platform.start({ 'detail-type': 'Object Created', source: 'aws.s3', detail: { nothing: true } });
    const alerts = await platform.inbox.heard('the malformed event', ({ title }) => /event/i.test(title));
    expect(alerts).toHaveLength(1);
    expect((await platform.executions(DATASET)).length).toBe(executions);
  });
});
