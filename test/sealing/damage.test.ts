import { rm, truncate } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { chunkListKey, sealKey } from '../../etl/naming/runs.ts';
import type { Effects } from '../../etl/ports.ts';
import { Seal } from '../../etl/stages/documents.ts';
import { bindStages } from '../../etl/stages/handlers.ts';
import { getDocument } from '../../etl/stages/stored-documents.ts';
import { tempFolder } from '../adapters/temp-folder.ts';
import { contractText, PAYMENTS } from '../stages/contract-text.ts';
import { type TestLake, testLake } from '../stages/harness.ts';
import { countingStores } from '../support/counting-stores.ts';
import { forgeParquet } from '../support/forge-parquet.ts';

/** Refine says what it read back of Silver's files; these come to harm while it writes, or before seal adds up. */

const RUN = { dataset: 'test.payments', runId: 'run-1' };
const FILES = {
  'a.csv': [
    'id,paid_on,amount,note',
    ...Array.from({ length: 30 }, (_, n) => `a${n},2024-01-31,${n}.50,${'x'.repeat(n)}`),
    '',
  ].join('\n'),
  'b.csv': 'id,paid_on,amount,note\nb1,2024-02-29,7.00,\nb2,2024-02-29,8.00,\n',
};

/** The files are a chunk each. */
const CHUNK = FILES['a.csv'].length;

let lake: TestLake;
let folder: string;
let disposeFolder: () => Promise<void>;
beforeEach(async () => {
  lake = await testLake({
    contracts: [contractText({ ...PAYMENTS, dataset: RUN.dataset })],
    chunkBytes: CHUNK,
  });
  ({ folder, dispose: disposeFolder } = await tempFolder());
  await lake.drop(FILES);
});
afterEach(async () => {
  await lake.dispose();
  await disposeFolder();
});

async function refined(effects: Effects = lake.lake.effects): Promise<void> {
  const stages = bindStages(effects);
  const plan = (await stages.plan(RUN)) as { surveys?: number };
  expect(plan.surveys ?? 0).toBe(0);
  const chunks = await effects.objects.get(chunkListKey(RUN.dataset, RUN.runId));
  const items = JSON.parse(String(chunks && Buffer.from(chunks.body))) as object[];
  expect(items).toHaveLength(2);
  for (const item of items) await stages.refine({ ...RUN, ...item });
}

async function sealed(effects: Effects = lake.lake.effects): Promise<Seal> {
  await bindStages(effects).seal(RUN);
  return await getDocument(effects.objects, sealKey(RUN.dataset, '1.0.0', RUN.runId), Seal);
}

/** The Silver file of January. */
async function januaryFile(): Promise<string> {
  const files = await lake.lake.effects.objects.list('silver/');
  const key = files.find((one) => one.key.includes('month=01'))?.key ?? '';
  return path.join(lake.lake.root, key);
}
const problemsOf = ({ unproven }: Seal): string[] => unproven.map(({ problem }) => problem);

describe('a Silver file that is changed between refine and seal', () => {
  test('to other amounts of the same size is found', async () => {
    await refined();
    await forgeParquet(await januaryFile(), `SELECT * REPLACE (amount + 1 AS amount) FROM THIS`, folder);
    expect(problemsOf(await sealed())).toEqual(['amount was 450.00 coming in and is 480.00 going out']);
  });

  test('to fewer records is found', async () => {
    await refined();
    await forgeParquet(await januaryFile(), 'SELECT * FROM THIS WHERE source_row_number > 1', folder);
    expect(problemsOf(await sealed())[0]).toContain('30 records came in, but 29 are accounted for');
  });

  test('to nothing readable, or away, ends the stage', async () => {
    await refined();
    const file = await januaryFile();
    await truncate(file, 100);
    await expect(sealed()).rejects.toThrow();
    await rm(file);
    await expect(sealed()).rejects.toThrow();
  });

  test('and written again just as it was is none the worse', async () => {
    await refined();
    const before = await sealed();
    const stages = bindStages(lake.lake.effects);
    await stages.refine({ ...RUN, chunk: '0001', part: '' });
    await forgeParquet(await januaryFile(), 'SELECT * FROM THIS', folder);
    const after = await sealed();
    expect(after).toMatchObject({ digest: before.digest, unproven: [] });
  });
});

test('what refine says of Silver is what lies in the lake, and not what it meant to write', async () => {
  const { effects } = lake.lake;
  const data = {
    ...effects.data,
    async publish(from: string, key: string) {
      await effects.data.publish(from, key);
      if (key.includes('month=01'))
        await forgeParquet(
          path.join(lake.lake.root, key),
          `SELECT * REPLACE (source_row_number + 1 AS source_row_number) FROM THIS`,
          folder,
        );
    },
  };
  await refined({ ...effects, data });
  const counting = countingStores(effects.objects, effects.data);
  const seal = await sealed({ ...effects, objects: counting.objects });
  expect(problemsOf(seal)).toEqual([
    'the records that came out are not those that came in: some number is missing or stands twice',
  ]);
});

test('seal reads none of the files that are as refine left them, where no key may stand twice', async () => {
  await lake.dispose();
  lake = await testLake({ contracts: [contractText({ ...PAYMENTS, dataset: RUN.dataset })] });
  await lake.drop(FILES);
  const { effects } = lake.lake;
  const stages = bindStages(effects);
  await stages.plan(RUN);
  await stages.refine({ ...RUN, chunk: '0001', part: '' });
  const { objects, data, calls } = countingStores(effects.objects, effects.data);
  expect(await sealed({ ...effects, objects, data })).toMatchObject({ unproven: [], counts: { silver: 32 } });
  expect(calls.filter(({ call, key }) => call === 'localPath' && key.startsWith('silver/'))).toEqual([]);
});
