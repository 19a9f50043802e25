import { readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { runOnce } from '../../adapters/local/run-dataset.ts';
import { commitPlanKey } from '../../etl/naming/runs.ts';
import { approveRun } from '../../etl/operations/approve-run.ts';
import { readmitRun } from '../../etl/operations/decide-run.ts';
import type { Runs } from '../../etl/operations/runs.ts';
import { CommitPlan } from '../../etl/stages/documents.ts';
import { RunRecord } from '../../etl/stages/outcomes.ts';
import { getDocument } from '../../etl/stages/stored-documents.ts';
import { contractText, PAYMENTS } from '../stages/contract-text.ts';
import { type TestLake, testLake } from '../stages/harness.ts';

/** Files of a held run that somebody touched between its seal and its approval. */

const CONTRACT = contractText({
  ...PAYMENTS,
  assay: { ...PAYMENTS.assay, limits: { maxQuarantineRate: 0.1, smallBatchRecords: 1 } },
});

let lake: TestLake;
beforeAll(async () => {
  lake = await testLake({ contracts: [CONTRACT] });
});
afterAll(() => lake.dispose());

test('nothing is published of a held run whose files are not as they were sealed, in any of its tables', async () => {
  const { record } = await lake.dropAndRun({
    'a.csv': 'id,paid_on,amount,note\n1,2024-01-02,1.00,\n2,2024-02-02,2.00,\n3,2024-01-02,x,\n',
  });
  const { runId, dataset, sealDigest } = RunRecord.parse(record);
  expect(record).toMatchObject({ status: 'held' });
  const { effects, root } = lake.lake;
  const runs = { approved: (of, approval) => runOnce(of, effects, approval) } as Runs;
  const approve = (): Promise<RunRecord> =>
    approveRun(
      { effects, runs },
      { runId, dataset },
      { digest: sealDigest ?? '', by: 'ann', reason: 'looks right' },
    );
  const commit = await getDocument(effects.objects, commitPlanKey(dataset, runId), CommitPlan);
  const files = [...commit.silver, ...commit.quarantine, ...commit.ledger].map(({ key }) =>
    path.join(root, key),
  );
  expect(files.length).toBeGreaterThanOrEqual(4);
  for (const file of files) {
    const whole = await readFile(file);
    for (const damage of [() => writeFile(file, whole.subarray(0, -40)), () => rm(file)]) {
      await damage();
      expect(await approve()).toMatchObject({
        status: 'held',
        why: [
          expect.stringMatching(
            new RegExp(`(is gone|has \\d+ bytes instead of \\d+) since run .*'assay readmit ${runId}'`),
          ),
        ],
      });
      expect(await lake.rows('silver')).toEqual([]);
    }
    await writeFile(file, whole);
  }
  const [first = ''] = files;
  await writeFile(first, (await readFile(first)).subarray(0, -40));
  await readmitRun(effects, { runId, dataset }, { by: 'ann', reason: 'its files were cut' });
  const again = RunRecord.parse(await runOnce(dataset, effects));
  expect(again).toMatchObject({ status: 'held', sealDigest });
  expect(
    await approveRun({ effects, runs }, again, {
      digest: sealDigest ?? '',
      by: 'ann',
      reason: 'looks right',
    }),
  ).toMatchObject({ status: 'promoted' });
  expect(await lake.rows('silver')).toHaveLength(2);
});
