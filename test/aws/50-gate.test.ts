import { beforeAll, expect, test } from '@jest/globals';
import { heldKey, rejectsKey } from '../../etl/naming.ts';
import type { RunRecord } from '../../etl/stages/documents.ts';
import { connect, type Platform } from './support/platform.ts';
import { readTables } from './support/read-tables.ts';
import { badTransaction, transactions } from './support/transactions.ts';

/** A run beyond the contract's limits waits for a person, who names the seal's digest. */

const DATASET = 'mortgages.transactions';
const GOOD = 180;
const BAD = 20;

let platform: Platform;
let held: RunRecord;
let silverBefore: number;

async function silverCount(): Promise<number> {
  const [silver] = await readTables(platform.session, [{ table: platform.glueName('silver', DATASET) }]);
  return silver?.count ?? 0;
}

beforeAll(async () => {
  platform = await connect('gate');
  silverBefore = await silverCount();
  const bad = Array.from({ length: BAD }, (_, n) => badTransaction(`GATE-BAD-${n}`));
  const [record] = await platform.dropAndSettle(DATASET, { 'gate.csv': transactions('gate', GOOD, bad) });
  held = record as RunRecord;
});

const approve = (digest: string): Readonly<Record<string, unknown>> => ({
  dataset: DATASET,
  runId: held.runId,
  start: 'promote',
  approved: { digest, by: 'test@example.com', reason: 'looked at' },
});

test('a tenth of bad records is held, and told once with what to do', async () => {
  expect(held).toMatchObject({
    status: 'held',
    counts: { silver: GOOD, quarantined: BAD },
    snapshotId: null,
  });
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

test('an approval that names another digest publishes nothing, and says so', async () => {
  const ended = await platform.execute(`${held.runId}-other`, approve('0'.repeat(64)));
  expect(ended).toEqual({ status: 'FAILED', error: 'ConfigError' });
  expect(await silverCount()).toBe(silverBefore);
  const alerts = await platform.inbox.heard(
    'the refused approval',
    ({ kind, dataset, runId }) => kind === 'run-failed' && dataset === DATASET && runId === held.runId,
  );
  expect(alerts).toHaveLength(1);
  expect(alerts[0]?.title).toContain('was approved');
});

test('an approval that names the digest publishes exactly what was looked at', async () => {
  const ended = await platform.execute(`${held.runId}-approved`, approve(held.sealDigest ?? ''));
  expect(ended).toEqual({ status: 'SUCCEEDED', error: '' });
  const pointer = await platform.pointer('silver', DATASET);
  expect(pointer).toMatchObject({ run_id: held.runId, seal_digest: held.sealDigest });
  expect(await silverCount()).toBe(silverBefore + GOOD);
  expect(await platform.store.get(heldKey(DATASET, held.runId))).toBeUndefined();
  const record = (await platform.records(DATASET)).find(({ runId }) => runId === held.runId);
  expect(record?.status).toBe('promoted');
});
