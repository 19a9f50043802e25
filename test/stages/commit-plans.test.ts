import { afterEach, expect, test } from '@jest/globals';
import { auditDataset } from '../../etl/audit/audit-dataset.ts';
import { loadContracts, requireSourceContract } from '../../etl/contract/load-contracts.ts';
import { chunkKey, commitPlanKey, commitPrefix } from '../../etl/naming/runs.ts';
import { vacuum } from '../../etl/operations/vacuum.ts';
import type { Effects } from '../../etl/ports.ts';
import { getCommitPlan, putCommitPlan } from '../../etl/stages/commit-plans.ts';
import type { CommitPlan } from '../../etl/stages/documents.ts';
import { bindStages } from '../../etl/stages/handlers.ts';
import { contractText, NO_LIMITS, PAYMENTS } from './contract-text.ts';
import { type TestLake, testLake } from './harness.ts';

const RUN = { dataset: 'test.records', runId: 'run-1' };
let lake: TestLake;
afterEach(() => lake.dispose());

/** As a run of ten thousand chunks leaves it: thirteen files of each. */
function largePlan(files: number): CommitPlan {
  const columns = Object.fromEntries(
    Array.from({ length: 13 }, (_, n) => [
      `column_${n}`,
      { valueCount: 480_000, nullCount: 0, sizeBytes: 1_234_567, min: 'a'.repeat(30), max: 'z'.repeat(30) },
    ]),
  );
  return {
    ...{ format: 5, sealDigest: 'd'.repeat(64), removeFromSilver: ['gone'] },
    ...{ quarantine: [], condemned: [], ledger: [] },
    silver: Array.from({ length: files }, (_, n) => ({
      key: `silver/mortgages/transactions/schema_v=v1/run_id=run-1/year=2026/month=11/part-${n}.parquet`,
      ...{ recordCount: 480_000, sizeBytes: 24_000_000, month: 682, columns },
    })),
  };
}

test('a plan of very many files is some documents of a few megabytes, and read as it was', async () => {
  lake = await testLake({ contracts: [contractText(PAYMENTS)] });
  const stored = new Map<string, Uint8Array>();
  const { objects } = lake.lake.effects;
  const inMemory: Effects['objects'] = {
    ...objects,
    put: async (key, body) => String(stored.set(key, body).size),
    get: async (key) => {
      const body = stored.get(key);
      return body === undefined ? undefined : { body, etag: '' };
    },
  };
  for (const files of [0, 2000, 4001]) {
    stored.clear();
    const plan = largePlan(files);
    await putCommitPlan(inMemory, RUN, { plan });
    expect(await getCommitPlan(inMemory, RUN)).toEqual(plan);
    expect(stored.size).toBe(files > 2000 ? 4 : 1);
    for (const body of stored.values()) expect(body.length).toBeLessThan(8 * 1024 * 1024);
  }
  expect(stored.get(commitPlanKey(RUN.dataset, RUN.runId))?.length).toBeLessThan(2000);
});

test('what lists of files name is published, survives a vacuum, and a list that is gone ends the stage', async () => {
  lake = await testLake({
    contracts: [contractText({ ...PAYMENTS, assay: { ...PAYMENTS.assay, limits: NO_LIMITS } })],
  });
  const { effects } = lake.lake;
  const { objects } = effects;
  const stages = bindStages(effects);
  await lake.drop({
    'a.csv': 'id,paid_on,amount,note\n1,2024-01-31,1.00,\n2,2024-02-29,2.00,\n3,2024-03-31,3.00,\n',
  });
  await stages.plan(RUN);
  await stages.refine({ ...RUN, chunk: '0001', part: '' });
  await stages.seal(RUN);
  const plan = await getCommitPlan(objects, RUN);
  expect(plan.silver).toHaveLength(3);
  await putCommitPlan(objects, RUN, { plan, partFiles: 2 });
  const lists = (await objects.list(`${commitPrefix(RUN.dataset, RUN.runId)}-`)).map(({ key }) => key);
  expect(lists).toHaveLength(2);
  const second = await objects.get(lists[1] ?? '');
  await objects.remove(lists[1] ?? '');
  await expect(stages.promote(RUN)).rejects.toMatchObject({ code: 'DOCUMENT_MISSING' });
  await objects.put(lists[1] ?? '', second?.body ?? Buffer.from(''));
  await stages.promote(RUN);
  expect((await lake.rows('silver')).map(({ id }) => id).sort()).toEqual(['1', '2', '3']);
  const chunk = chunkKey(RUN.dataset, RUN.runId, '0001');
  expect(await objects.get(chunk)).toBeDefined();
  const contract = requireSourceContract(await loadContracts(effects.contracts), RUN.dataset);
  // A day ahead, so that what was written just now counts as old.
  await vacuum(effects, { contract, olderThanMs: -86_400_000, isDryRun: false });
  expect(await objects.get(chunk)).toBeUndefined();
  for (const key of lists) expect(await objects.get(key)).toBeDefined();
  expect((await auditDataset(effects, { dataset: RUN.dataset })).problems).toEqual([]);
});
