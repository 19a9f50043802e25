import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { initLake, openLake } from '../../../adapters/local/lake.ts';
import type { ObjectStore } from '../../../etl/ports.ts';
import { readLease, releaseLease } from '../../../etl/stages/start-run/lease.ts';
import { type StartEffects, startRun } from '../../../etl/stages/start-run/start-run.ts';
import { tempFolder } from '../../adapters/temp-folder.ts';
import { type FakeExecutions, fakeExecutions } from './fake-executions.ts';

/** One execution a dataset at a time, whoever asks and however often; and none that nobody can ever start again. */

const DATASET = 'shop.orders';

let dispose: () => Promise<void>;
let objects: ObjectStore;
let executions: FakeExecutions;
let effects: StartEffects;

beforeEach(async () => {
  const temp = await tempFolder();
  dispose = temp.dispose;
  await initLake(temp.folder);
  ({ objects } = (await openLake(temp.folder, { contractsDir: temp.folder, sqlDir: temp.folder })).effects);
  executions = fakeExecutions();
  effects = { objects, executions, clock: { now: () => new Date() } };
});
afterEach(() => dispose());

const lease = async () => (await readLease(effects, DATASET))?.lease;

test('a dataset that nobody runs is started, with its lease under the name of the run', async () => {
  const started = await startRun(DATASET, effects);
  expect(started).toEqual({ status: 'started', dataset: DATASET, runId: expect.any(String) });
  expect([...executions.started]).toEqual([
    [started.runId, { dataset: DATASET, runId: started.runId, start: 'plan' }],
  ]);
  expect(await lease()).toMatchObject({ runId: started.runId });
});

test('of many who ask at once, one starts a run, and all are told which runs', async () => {
  const answers = await Promise.all(Array.from({ length: 20 }, () => startRun(DATASET, effects)));
  expect(executions.started.size).toBe(1);
  expect(new Set(answers.map(({ runId }) => runId)).size).toBe(1);
  expect(answers.filter(({ status }) => status === 'started')).toHaveLength(1);
});

test('while a run is under way, nothing is started', async () => {
  const first = await startRun(DATASET, effects);
  expect(await startRun(DATASET, effects)).toEqual({ ...first, status: 'running' });
  expect(executions.started.size).toBe(1);
});

test('another dataset has a lease of its own', async () => {
  await startRun(DATASET, effects);
  expect(await startRun('shop.returns', effects)).toMatchObject({ status: 'started' });
  expect(executions.started.size).toBe(2);
});

describe('a run that was asked for by its id', () => {
  const WANTED = '20240501T120003417Z-9b6e0d20';

  test('is started under it, with the lease, once; asked for again, it is the answer, also after its end', async () => {
    const run = { dataset: DATASET, runId: WANTED };
    expect(await startRun(DATASET, effects, WANTED)).toEqual({ ...run, status: 'started' });
    expect(await lease()).toMatchObject({ runId: WANTED });
    expect(await startRun(DATASET, effects)).toEqual({ ...run, status: 'running' });
    await releaseLease(run, effects);
    executions.end(WANTED);
    expect(await startRun(DATASET, effects, WANTED)).toEqual({ ...run, status: 'running' });
    expect(executions.started.size).toBe(1);
    expect((await lease())?.releasedAt).toBeDefined();
  });

  test('waits for the run that is under way: that one is the answer, and the lease stays its own', async () => {
    const first = await startRun(DATASET, effects);
    expect(await startRun(DATASET, effects, WANTED)).toEqual({ ...first, status: 'running' });
    expect(executions.started.has(WANTED)).toBe(false);
    await releaseLease(first, effects);
    expect(await startRun(DATASET, effects, WANTED)).toMatchObject({ runId: WANTED, status: 'started' });
  });

  test('whose starter died before the execution was there is started by whoever asks next', async () => {
    executions.failNext(new Error('killed'));
    await expect(startRun(DATASET, effects, WANTED)).rejects.toThrow('killed');
    expect(await startRun(DATASET, effects)).toMatchObject({ runId: WANTED, status: 'started' });
  });
});

describe('a lease that was left behind', () => {
  test('by one who died before it started the execution: that execution is started, under the same name', async () => {
    executions.failNext(new Error('killed'));
    await expect(startRun(DATASET, effects)).rejects.toThrow('killed');
    const left = await lease();
    expect(await startRun(DATASET, effects)).toMatchObject({ status: 'started', runId: left?.runId });
    expect(executions.started.size).toBe(1);
  });

  test('by an execution that ended without giving it back: it is taken over', async () => {
    const first = await startRun(DATASET, effects);
    executions.end(first.runId);
    const second = await startRun(DATASET, effects);
    expect(second.status).toBe('started');
    expect(second.runId).not.toBe(first.runId);
  });
});

describe('giving a lease back', () => {
  test('lets the next run start at once, while the execution that gave it back is still ending', async () => {
    const first = await startRun(DATASET, effects);
    await releaseLease(first, effects);
    expect(await startRun(DATASET, effects)).toMatchObject({ status: 'started' });
    expect(executions.started.size).toBe(2);
  });

  test('changes nothing where a later run has it, nor the second time', async () => {
    const first = await startRun(DATASET, effects);
    await releaseLease(first, effects);
    const second = await startRun(DATASET, effects);
    await releaseLease(first, effects);
    expect(await lease()).toMatchObject({ runId: second.runId });
    expect((await lease())?.releasedAt).toBeUndefined();
  });
});
