import { rename } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from '@jest/globals';
import { withEngine } from '../../etl/engine/engine.ts';
import { literal } from '../../etl/engine/sql.ts';
import { askForBackfill, chooseFiles } from '../../etl/operations/backfill.ts';
import { contractText, PAYMENTS } from './contract-text.ts';
import { type TestLake, testLake } from './harness.ts';

const CONTRACT = contractText({ ...PAYMENTS, assay: { ...PAYMENTS.assay, duplicates: 'replace' } });
const textOf = (amount: number): string => `id,paid_on,amount,note\n1,2024-01-31,${amount}.00,x\n`;

/** Makes the ledger what it was before arrivals were kept: no file of it has their column. */
async function forgetArrivals({ lake }: TestLake): Promise<void> {
  const files = (await lake.effects.objects.list('ops/source_files/')).filter(({ key }) =>
    key.endsWith('.parquet'),
  );
  expect(files.length).toBeGreaterThan(0);
  for (const { key } of files) {
    const [file, older] = [path.join(lake.root, key), path.join(lake.root, `${key}.older`)];
    await withEngine({ memoryLimitMb: 100, threads: 1 }, path.join(lake.root, '.spill'), (engine) =>
      engine.run(
        `COPY (SELECT * EXCLUDE (arrived_at) FROM ${literal(file)}) TO ${literal(older)} (FORMAT parquet)`,
      ),
    );
    await rename(older, file);
  }
}

test('a ledger of before arrivals were kept is read, and its files stand in the order in which they were committed', async () => {
  const lake = await testLake({ contracts: [CONTRACT] });
  const amounts = async () => (await lake.rows('silver')).map(({ amount }) => amount);
  try {
    for (const [n, name] of ['z.csv', 'm.csv', 'a.csv'].entries())
      await lake.dropAndRun({ [name]: textOf(n + 1) });
    expect(await amounts()).toEqual([3]);
    await forgetArrivals(lake);
    const { effects } = lake.lake;
    const choice = { dataset: lake.dataset, from: '2024-01-01', isAgain: true };
    const chosen = await chooseFiles(effects, choice);
    expect(chosen.keys.map((key) => path.basename(key))).toEqual(['z.csv', 'm.csv', 'a.csv']);
    const { runId } = await askForBackfill(effects, chosen, { by: 'ann', reason: 'r' });
    expect(await lake.runAs(runId)).toMatchObject({ status: 'promoted' });
    expect(await amounts()).toEqual([3]);
    expect(await lake.dropAndRun({ 'b.csv': textOf(1) })).toMatchObject({ status: 'promoted' });
    expect(await amounts()).toEqual([1]);
  } finally {
    await lake.dispose();
  }
});
