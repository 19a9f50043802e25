import { readFile } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import { DEFINITION } from '../../adapters/local/run-dataset.ts';
import {
  type Calls,
  callsOf,
  PROMOTED_PATH,
  type RunShape,
  STAGES,
  type StageOfRun,
  s3Requests,
  segmentsOf,
} from '../../etl/estimating/requests.ts';
import { bindStages } from '../../etl/stages/handlers.ts';
import { testLake } from '../stages/harness.ts';
import { runStages } from '../stages/run-stages.ts';
import { countingStores } from '../support/counting-stores.ts';
import { MONTHLY, MONTHLY_SQL, SALES } from './sales.ts';

/** The names that stages have in the code and in the model. */
const NAMES: Readonly<Record<string, StageOfRun>> = {
  plan: 'plan',
  refine: 'refine',
  seal: 'seal',
  gate: 'gate',
  promote: 'promote',
  refreshGold: 'refresh-gold',
  sweep: 'sweep',
};
const MIB = 1024 * 1024;

/** What a later run of a lake asks of its stores, stage by stage; `isLarge` makes each file a chunk of its own. */
async function countRun(shape: {
  runs: number;
  files: number;
  months: number;
  isLarge: boolean;
  gold: boolean;
}) {
  const lake = await testLake({
    contracts: shape.gold ? [SALES, MONTHLY] : [SALES],
    sql: MONTHLY_SQL,
  });
  try {
    const { effects } = lake.lake;
    const counting = countingStores(effects.objects, effects.data);
    const objects = {
      ...counting.objects,
      // Files that say they are larger than they are: the plan cuts by that, and nothing else goes by it.
      list: async (prefix: string) =>
        (await counting.objects.list(prefix)).map((one) =>
          shape.isLarge && prefix.startsWith('bronze') ? { ...one, sizeBytes: 400 * MIB } : one,
        ),
    };
    const bound = bindStages({ ...effects, objects, data: counting.data });
    const stages = Object.fromEntries(
      Object.entries(bound).map(([name, stage]) => [
        name,
        (input: unknown) => {
          counting.as(NAMES[name] ?? name);
          return stage(input);
        },
      ]),
    ) as typeof bound;
    let id = 0;
    for (let run = 0; run <= shape.runs; run++) {
      const files = Array.from({ length: shape.files }, (_, n) => {
        const lines = Array.from({ length: 12 }, (_, line) => {
          const number = String(id++).padStart(6, '0');
          return `${number},1.00,2024-0${1 + (line % shape.months)}-05`;
        });
        return [`run${run}-${n}.csv`, `id,amount,paid_on\n${lines.join('\n')}\n`];
      });
      await lake.drop(Object.fromEntries(files));
      counting.reset();
      const input = { dataset: lake.dataset, runId: `run-${run}` };
      expect(await runStages(stages, effects.objects, input)).toBe('done');
      expect(await stages.sweep(input)).toEqual({ pending: false });
    }
    const silver = counting.calls.filter(
      ({ stage, call }) => stage === 'refine' && call === 'publish',
    ).length;
    return { counting, silver };
  } finally {
    await lake.dispose();
  }
}

describe("the model's requests are the stages' own", () => {
  test.each([
    ['one file', { runs: 1, files: 1, months: 1, isLarge: false, gold: true }],
    ['a later run', { runs: 4, files: 1, months: 1, isLarge: false, gold: true }],
    ['several files and months', { runs: 2, files: 5, months: 3, isLarge: false, gold: true }],
    ['several chunks', { runs: 2, files: 3, months: 2, isLarge: true, gold: true }],
    ['no Gold', { runs: 1, files: 2, months: 1, isLarge: false, gold: false }],
  ])('%s', async (_, shape) => {
    const { counting, silver } = await countRun(shape);
    const chunks = shape.isLarge ? shape.files : 1;
    expect(silver).toBe(chunks * shape.months);
    const run: RunShape = {
      files: shape.files,
      chunks,
      months: shape.months,
      silverFiles: silver,
      ledgerFiles: shape.runs,
      ledgerManifests: shape.runs,
      silverManifests: shape.runs,
      overlappingFiles: 0,
      goldTables: shape.gold ? 1 : 0,
      goldInputFiles: silver * (shape.runs + 1),
    };
    const expected = callsOf(run);
    const found = Object.fromEntries(STAGES.map((stage) => [stage, counting.counts(stage)]));
    expect(found).toEqual(Object.fromEntries(STAGES.map((stage) => [stage, present(expected[stage])])));
  });

  test('each byte of Bronze is read once', async () => {
    const { counting } = await countRun({ runs: 0, files: 3, months: 1, isLarge: false, gold: false });
    const read = counting.calls
      .filter(({ call }) => call === 'stream')
      .map(({ key, size }) => [key.split('/').pop(), size]);
    const size = 'id,amount,paid_on\n'.length + 12 * '000000,1.00,2024-01-05\n'.length;
    expect(read).toEqual([0, 1, 2].map((n) => [`run0-${n}.csv`, size]));
  });
});

/** Only the calls that are made. */
const present = (calls: Calls): Partial<Calls> =>
  Object.fromEntries(Object.entries(calls).filter(([, count]) => count > 0));

test('a promoted run goes through the state machine as the model counts it', async () => {
  const { StartAt, States } = JSON.parse(await readFile(DEFINITION, 'utf8'));
  expect(StartAt).toBe(PROMOTED_PATH[0]);
  for (const [n, name] of PROMOTED_PATH.entries()) {
    const state = States[name];
    const choices: { Next: string }[] = state.Choices ?? [];
    const nexts = [state.Next, state.Default, ...choices.map(({ Next }) => Next)];
    const next = PROMOTED_PATH[n + 1];
    if (next === undefined) expect(state.Type).toBe('Succeed');
    else expect({ name, nexts }).toEqual({ name, nexts: expect.arrayContaining([next]) });
  }
});

test('requests to S3: copies and uploads go in parts of 16 MiB', () => {
  const calls = { list: 1, get: 1, put: 1, remove: 1, stream: 1, digest: 1, localPath: 1, publish: 1 };
  expect(s3Requests(calls, { read: 0, written: 0 })).toEqual({ writes: 3, reads: 5, waits: 7 });
  expect(s3Requests(calls, { read: 40 * MIB, written: 40 * MIB })).toEqual({
    writes: 7,
    reads: 7,
    waits: 11,
  });
});

test('segments: 8, 16, 32 and then 48 MiB', () => {
  expect([1, 8 * MIB, 9 * MIB, 56 * MIB, 57 * MIB, 512 * MIB].map(segmentsOf)).toEqual([1, 1, 2, 3, 4, 13]);
});
