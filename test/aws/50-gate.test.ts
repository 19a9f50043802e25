import { beforeAll, expect, test } from '@jest/globals';
import { decisionKey } from '../../etl/naming/decisions.ts';
import { heldKey, rejectsKey } from '../../etl/naming/runs.ts';
import { refuseRun } from '../../etl/operations/decide-run.ts';
import { startApproved } from '../../etl/operations/start-approved.ts';
import type { RunRecord } from '../../etl/stages/outcomes.ts';
import { type Operator, operatorOf } from './support/operator.ts';
import { connect, type Platform } from './support/platform.ts';
import { readTables } from './support/read-tables.ts';
import { badTransaction, transactions } from './support/transactions.ts';

/** A run beyond the contract's limits waits for a person, who names the seal's digest. */

const DATASET = 'mortgages.transactions';
const GOOD = 180;
const BAD = 20;

const WORD = { by: 'test@example.com', reason: 'looked at' };

let platform: Platform;
let operator: Operator;
let held: RunRecord;
let silverBefore: number;

async function silverCount(): Promise<number> {
  const [silver] = await readTables(platform.session, [{ table: platform.glueName('silver', DATASET) }]);
  return silver?.count ?? 0;
}

/** A run of a file of its own with a tenth of bad records, which is held. */
async function hold(tag: string): Promise<RunRecord> {
  const bad = Array.from({ length: BAD }, (_, n) => badTransaction(`${tag}-bad-${n}`));
  const [record] = await platform.dropAndSettle(DATASET, { [`${tag}.csv`]: transactions(tag, GOOD, bad) });
  expect(record).toMatchObject({ status: 'held', counts: { silver: GOOD, quarantined: BAD } });
  return record as RunRecord;
}

/** Approves a run, as the platform team does; returns the execution's name. */
async function approve({ dataset, runId }: RunRecord, digest: string | null): Promise<string> {
  const { executions, effects } = operator.lake;
  const { objects, contracts, clock } = effects;
  const world = { objects, contracts, clock, executions };
  return startApproved({ dataset, runId }, { ...WORD, digest: digest ?? '' }, world);
}

const endOf = async (execution: string): Promise<string> => (await platform.ended(execution)).status;

async function recordOf({ runId }: RunRecord): Promise<RunRecord> {
  return (await platform.records(DATASET)).find((record) => record.runId === runId) as RunRecord;
}

beforeAll(async () => {
  platform = await connect('gate');
  operator = await operatorOf(platform.session);
  silverBefore = await silverCount();
  held = await hold('gate');
});

test('a tenth of bad records is held, and told once with what to do', async () => {
  expect(held).toMatchObject({ status: 'held', snapshotId: null });
  const alerts = await platform.inbox.heard(
    'the hold',
    ({ kind, runId }) => kind === 'run-held' && runId === held.runId,
  );
  expect(alerts).toHaveLength(1);
  expect(alerts[0]).toMatchObject({ dataset: DATASET, details: { sealDigest: held.sealDigest } });
  expect(alerts[0]?.nextCommand).toContain(held.runId);
  expect(alerts[0]?.readersSee).not.toBe('');
});

test('readers see nothing of it, and what failed can be looked at where it is staged', async () => {
  expect(await silverCount()).toBe(silverBefore);
  expect((await platform.pointer('silver', DATASET))?.run_id).not.toBe(held.runId);
  expect(await platform.store.json(heldKey(DATASET, held.runId))).toMatchObject({
    sealDigest: held.sealDigest,
  });
  expect((await platform.store.get(rejectsKey(DATASET, held.runId, '0001')))?.byteLength).toBeGreaterThan(0);
});

test('an approval that names another digest starts nothing', async () => {
  const executions = await platform.executions(DATASET);
  await expect(approve(held, '0'.repeat(64))).rejects.toMatchObject({
    name: 'ConfigError',
    code: 'OTHER_DIGEST',
  });
  expect(await platform.executions(DATASET)).toEqual(executions);
});

test('an execution that names another digest, past all checks, publishes nothing, and says so', async () => {
  const { dataset, runId } = held;
  const ended = await platform.execute(`${runId}-other`, {
    dataset,
    runId,
    start: 'promote',
    approved: { ...WORD, digest: '0'.repeat(64) },
  });
  expect(ended).toEqual({ status: 'FAILED', error: 'ConfigError' });
  expect(await silverCount()).toBe(silverBefore);
  const alerts = await platform.inbox.heard(
    'the refused approval',
    ({ kind, runId }) => kind === 'run-failed' && runId.startsWith(held.runId),
  );
  expect(alerts).toMatchObject([{ dataset: DATASET, runId: held.runId }]);
  expect(alerts[0]?.title).toContain('was approved');
});

test('an approval that names the digest publishes exactly what was looked at', async () => {
  expect(await endOf(await approve(held, held.sealDigest))).toBe('SUCCEEDED');
  const pointer = await platform.pointer('silver', DATASET);
  expect(pointer).toMatchObject({ run_id: held.runId, seal_digest: held.sealDigest });
  expect(await silverCount()).toBe(silverBefore + GOOD);
  expect(await platform.store.get(heldKey(DATASET, held.runId))).toBeUndefined();
  expect(await recordOf(held)).toMatchObject({ status: 'promoted' });
  expect(await platform.store.json(decisionKey(DATASET, `${held.runId}-approved`))).toMatchObject({
    kind: 'approved',
    ...WORD,
    runId: held.runId,
    details: { sealDigest: held.sealDigest },
  });
});

test('an approval after others have published tests the run again on what is there now, and publishes it', async () => {
  const waiting = await hold('moved');
  const [between] = await platform.dropAndSettle(DATASET, { 'between.csv': transactions('between', 5) });
  expect(between?.status).toBe('promoted');
  const before = await platform.pointer('silver', DATASET);
  expect(await endOf(await approve(waiting, waiting.sealDigest))).toBe('SUCCEEDED');
  const record = await recordOf(waiting);
  expect(record).toMatchObject({
    status: 'promoted',
    counts: waiting.counts,
    sealDigest: waiting.sealDigest,
  });
  expect((await platform.seal(record)).baseVersion).toBe(before?.version);
  expect(await platform.pointer('silver', DATASET)).toMatchObject({
    run_id: waiting.runId,
    version: (before?.version ?? 0) + 1,
  });
});

test('where the same records were published meanwhile, the verdicts are others: it is held again, and told of under its new digest', async () => {
  const waiting = await hold('twice');
  const before = await silverCount();
  const [first] = await platform.dropAndSettle(DATASET, { 'twice-again.csv': transactions('twice', GOOD) });
  expect(first).toMatchObject({ status: 'promoted', counts: { silver: GOOD } });
  expect(await endOf(await approve(waiting, waiting.sealDigest))).toBe('SUCCEEDED');
  const record = await recordOf(waiting);
  expect(record).toMatchObject({ status: 'held', counts: { silver: 0, condemned: GOOD, quarantined: BAD } });
  expect(record.sealDigest).not.toBe(waiting.sealDigest);
  expect(await silverCount()).toBe(before + GOOD);
  const alerts = await platform.inbox.heard(
    'the second hold',
    ({ runId, details }) => runId === waiting.runId && details.sealDigest === record.sealDigest,
  );
  expect(alerts).toMatchObject([{ kind: 'run-held', dataset: DATASET }]);
  const { lake } = operator;
  await refuseRun(lake.effects, { dataset: DATASET, runId: waiting.runId }, WORD);
});
