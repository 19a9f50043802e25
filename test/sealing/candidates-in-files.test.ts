import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { textOf, withEngine } from '../../etl/engine/engine.ts';
import { chunkKey } from '../../etl/naming/runs.ts';
import { candidatesInFiles } from '../../etl/sealing/candidates-in-files.ts';
import { HeldFiles } from '../../etl/sealing/held-files.ts';
import { openDatasetTables } from '../../etl/stages/dataset-tables.ts';
import { ChunkResult } from '../../etl/stages/documents.ts';
import { bindStages } from '../../etl/stages/handlers.ts';
import { loadRun } from '../../etl/stages/run-context.ts';
import { getDocument } from '../../etl/stages/stored-documents.ts';
import { contractText, NO_LIMITS, PAYMENTS } from '../stages/contract-text.ts';
import { type TestLake, testLake } from '../stages/harness.ts';

/** Ten months of records; of the last, one has the key of a record in the third month. */
const runOf = (runId: string) => ({ dataset: 'test.records', runId });
const HEADER = 'id,paid_on,amount,note\n';
const line = (id: string, month: number): string => `${id},2024-${String(month).padStart(2, '0')}-05,1.00,\n`;
const MONTHS = Array.from({ length: 10 }, (_, n) => n + 1);
const TEXT = HEADER + MONTHS.map((month) => line(`k${month}`, month)).join('') + line('k3', 3);

let lake: TestLake;
beforeEach(async () => {
  lake = await testLake({
    contracts: [contractText({ ...PAYMENTS, assay: { ...PAYMENTS.assay, limits: NO_LIMITS } })],
  });
});
afterEach(() => lake.dispose());

/** Plans and refines a run of one file; the rows and the number of files that are read for each group of its candidates. */
async function found(
  text: string,
  runId = 'run-1',
): Promise<{ files: number; fresh: string[]; twice: string[] }[]> {
  const { effects } = lake.lake;
  const run = runOf(runId);
  await lake.drop({ 'a.csv': text });
  await bindStages(effects).plan(run);
  await bindStages(effects).refine({ ...run, chunk: '0001', part: '' });
  const { plan, contract, base } = await loadRun(effects, run);
  expect(plan.chunks).toHaveLength(1);
  const key = chunkKey(run.dataset, run.runId, '0001');
  const { dataFiles, suspectFiles } = await getDocument(effects.objects, key, ChunkResult);
  const tables = openDatasetTables(effects, contract, base);
  const scratch = await effects.openScratch('candidates');
  try {
    return await withEngine(effects.engine, path.join(scratch.directory, 'spill'), async (engine) => {
      const search = {
        ...{ engine, data: effects.data, scratch, contract, standing: 'true', isOneChunk: true },
        held: new HeldFiles(effects.data, 1),
        table: await tables.table('silver'),
        ...{ files: [...dataFiles, ...suspectFiles], suspectFiles, keys: [] },
        baseFiles: await tables.files('silver'),
      };
      const ids = async (from: string): Promise<string[]> =>
        (await engine.rows(`SELECT id FROM ${from} ORDER BY id`)).map((row) => textOf(row, 'id'));
      const groups = [];
      for await (const { fresh, among } of candidatesInFiles(search))
        groups.push({
          files: fresh.split(".parquet'").length - 1,
          fresh: await ids(fresh),
          twice: among === undefined ? [] : await ids(`${fresh} AS records WHERE ${among}`),
        });
      return groups;
    });
  } finally {
    await scratch.dispose();
  }
}

describe('records of a single chunk are judged', () => {
  test('from only the files that hold a key that stands twice', async () => {
    await expect(found(TEXT)).resolves.toEqual([{ files: 2, fresh: ['k3', 'k3'], twice: ['k3', 'k3'] }]);
  });

  test('not at all where no key stands twice', async () => {
    const text = HEADER + MONTHS.map((month) => line(`k${month}`, month)).join('');
    await expect(found(text)).resolves.toEqual([]);
  });

  test('from all files where they may have keys of the base', async () => {
    await lake.dropAndRun({ 'base.csv': HEADER + line('k7', 7) });
    const [group] = await found(TEXT, 'run-2');
    expect(group?.fresh).toHaveLength(11);
    expect(group?.twice).toEqual(['k3', 'k3']);
  });
});
