import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { runOnce } from '../../adapters/local/run-dataset.ts';
import { runRecordKey } from '../../etl/naming/runs.ts';
import { approveRun } from '../../etl/operations/approve-run.ts';
import { refuseRun } from '../../etl/operations/decide-run.ts';
import type { Runs } from '../../etl/operations/runs.ts';
import type { Effects } from '../../etl/ports.ts';
import { RunRecord } from '../../etl/stages/outcomes.ts';
import { getDocument } from '../../etl/stages/stored-documents.ts';
import { contractText, PAYMENTS } from '../stages/contract-text.ts';
import { type TestLake, testLake } from '../stages/harness.ts';

/** Somebody else decides on a held run while a person's approval is on its way. */

const CONTRACT = contractText({
  ...PAYMENTS,
  assay: { ...PAYMENTS.assay, limits: { maxQuarantineRate: 0.1, smallBatchRecords: 1 } },
});

const runOnceApproved =
  (effects: Effects): Runs['approved'] =>
  (dataset, approval) =>
    runOnce(dataset, effects, approval);

let lake: TestLake;
beforeAll(async () => {
  lake = await testLake({ contracts: [CONTRACT] });
});
afterAll(() => lake.dispose());

test('the refusal is how the run ended, and who approved is told so', async () => {
  const { record } = await lake.dropAndRun({
    'a.csv': 'id,paid_on,amount,note\n1,2024-01-02,1.00,\n2,2024-01-02,x,\n',
  });
  expect(record).toMatchObject({ status: 'held' });
  const { runId, dataset, sealDigest } = record as RunRecord;
  const { effects } = lake.lake;
  const runs = {
    approved: async (_: string, approval: Parameters<Runs['approved']>[1]) => {
      await refuseRun(effects, { runId, dataset }, { by: 'rita', reason: 'the columns are shifted' });
      return await runOnce(dataset, effects, approval);
    },
  } as Runs;
  const approval = { digest: sealDigest ?? '', by: 'ann', reason: 'looks right' };
  await expect(approveRun({ effects, runs }, { runId, dataset }, approval)).rejects.toMatchObject({
    code: 'NOT_HELD',
    message: expect.stringContaining('it was refused at'),
  });
  const ended = await getDocument(effects.objects, runRecordKey(dataset, runId), RunRecord);
  expect(ended).toMatchObject({ status: 'refused', why: ['refused by rita: the columns are shifted'] });
  expect(await lake.rows('silver')).toEqual([]);
});

test('of two approvals one is kept, and who gave the other is told whose', async () => {
  const { record } = await lake.dropAndRun({
    'b.csv': 'id,paid_on,amount,note\n3,2024-01-02,1.00,\n4,2024-01-02,x,\n',
  });
  expect(record).toMatchObject({ status: 'held' });
  const { runId, dataset, sealDigest } = record as RunRecord;
  const { effects } = lake.lake;
  const word = (by: string) => ({ digest: sealDigest ?? '', by, reason: `${by} looked` });
  const own = { approved: runOnceApproved(effects) } as Runs;
  const runs = {
    approved: async (_: string, approval: Parameters<Runs['approved']>[1]) => {
      await approveRun({ effects, runs: own }, { runId, dataset }, word('rita'));
      return await runOnce(dataset, effects, approval);
    },
  } as Runs;
  await expect(approveRun({ effects, runs }, { runId, dataset }, word('ann'))).rejects.toMatchObject({
    code: 'NOT_HELD',
    message: expect.stringMatching(/rita approved it at .*rita looked.*your reason was not kept/),
  });
  expect(await lake.rows('silver')).toHaveLength(1);
  const ended = await getDocument(effects.objects, runRecordKey(dataset, runId), RunRecord);
  expect(ended).toMatchObject({ status: 'promoted' });
});
