import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { breakerKey } from '../../etl/naming/runs.ts';
import { type Alert, type Effects, TOLD } from '../../etl/ports.ts';
import { noteFailure } from '../../etl/stages/note-failure.ts';
import { recordFailure } from '../../etl/stages/record-failure.ts';
import { contractText } from './contract-text.ts';
import { type TestLake, testLake } from './harness.ts';

/** What people are told of a run that failed. */

const DATASET = 'test.records';
const RUN = { dataset: DATASET, runId: '20240601T000000000Z-00000000' };
const IN_A_MAP = {
  Error: 'States.ExceedToleratedFailureThreshold',
  Cause: 'The specified tolerated failure threshold was exceeded',
};

let lake: TestLake;
let effects: Effects;
let titles: string[];
beforeEach(async () => {
  const columns = [
    { name: 'id', key: true },
    { name: 'on', type: 'date', required: true },
  ];
  lake = await testLake({ contracts: [contractText({ columns, partitionColumn: 'on' })] });
  titles = [];
  const send = async ({ title }: Alert): Promise<void> => void titles.push(title);
  effects = { ...lake.lake.effects, alerts: { send } };
});
afterEach(() => lake.dispose());

const fail = (failure: unknown): Promise<unknown> =>
  recordFailure({ ...RUN, start: 'plan', failure }, effects);
const note = (chunk: string, failure: unknown): Promise<unknown> =>
  noteFailure({ ...RUN, chunk, failure }, effects);

test('the message of a function, without what Lambda puts around it', async () => {
  await fail({ Error: 'ConfigError', Cause: '{"errorType":"ConfigError","errorMessage":"No such key."}' });
  expect(titles).toEqual([`Run ${RUN.runId} of ${DATASET} failed: No such key.`]);
});

test('what chunks failed of, each reason once, and not only that some did', async () => {
  await note('0002', { Error: 'DataError', Cause: '{"errorMessage":"b.csv is gone."}' });
  await note('0003', { Error: 'DataError', Cause: '{"errorMessage":"b.csv is gone."}' });
  await note('0004', { Error: 'Lambda.Unknown' });
  const recorded = await fail(IN_A_MAP);
  const why = ['chunk 0002: b.csv is gone.', 'chunk 0004: Lambda.Unknown'];
  expect(recorded).toMatchObject({
    status: 'failed',
    why,
    told: `People were told: ${why.join('; ')}`,
  });
  expect(titles).toEqual([`Run ${RUN.runId} of ${DATASET} failed: ${why.join('; ')}`]);
});

test('that chunks failed, where none could say of what', async () => {
  await fail(IN_A_MAP);
  expect(titles).toEqual([`Run ${RUN.runId} of ${DATASET} failed: ${IN_A_MAP.Cause}`]);
});

test('a failure that is none of a chunk is not put down to one', async () => {
  await note('0001', { Error: 'DataError', Cause: 'old' });
  await fail({ Error: 'DataError', Cause: 'the seal' });
  expect(titles).toEqual([`Run ${RUN.runId} of ${DATASET} failed: the seal`]);
});

test('that an open breaker refuses is told once, and every refusal after it still ends as one that people know of', async () => {
  const breaker = {
    dataset: DATASET,
    openedAt: '2024-06-01T00:00:00.000Z',
    runId: RUN.runId,
    code: 'TYPE_ERROR',
    count: 101,
    windowMinutes: 60,
  };
  await effects.objects.put(breakerKey(DATASET), Buffer.from(JSON.stringify(breaker)));
  const refuse = (): Promise<unknown> =>
    recordFailure({ ...RUN, start: 'plan', plan: { status: 'refused', why: 'it is open' } }, effects);
  const recorded = { ...RUN, status: 'refused', why: ['it is open'], told: `${TOLD}it is open` };
  for (let n = 0; n < 3; n++) expect(await refuse()).toEqual(recorded);
  expect(titles).toEqual([`Run ${RUN.runId} of ${DATASET} was refused: it is open`]);
});

test('a run that published nothing is not called promoted by a failure that came after it', async () => {
  await lake.dropAndRun({ 'a.csv': 'id,on\n1,2024-01-05\n' });
  const nothing = await lake.dropAndRun({ 'b.csv': 'other\nx\n' });
  expect(nothing.status).toBe('nothing-published');
  const runId = nothing.record?.runId ?? '';
  const failure = { Error: 'DataError', Cause: 'Gold could not follow.' };
  const failed = await recordFailure({ dataset: DATASET, runId, start: 'plan', failure }, effects);
  expect(failed).toMatchObject({ status: 'nothing-published', why: ['Gold could not follow.'] });
});

test('what readers see is named by the run that published it, not by one that published nothing', async () => {
  const seen: string[] = [];
  effects = { ...effects, alerts: { send: async (alert) => void seen.push(alert.readersSee) } };
  await fail({ Error: 'DataError', Cause: 'x' });
  const rejected = { 'r.csv': 'other\nx\n' };
  expect((await lake.dropAndRun(rejected)).status).toBe('nothing-published');
  await fail({ Error: 'DataError', Cause: 'x' });
  const first = await lake.dropAndRun({ 'a.csv': 'id,on\n1,2024-01-05\n' });
  expect((await lake.dropAndRun({ 's.csv': 'other\ny\n' })).status).toBe('nothing-published');
  await fail({ Error: 'DataError', Cause: 'x' });
  const { runId, snapshotId } = first.record ?? {};
  expect(seen).toEqual([
    'Readers see no table yet: nothing of this dataset was ever published.',
    'Readers see a table without rows: nothing stands that was published of this dataset.',
    expect.stringMatching(
      `^Readers see snapshot ${snapshotId}, published by run ${runId} at 2024-06-01T06:0`,
    ),
  ]);
});
