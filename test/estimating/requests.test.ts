import { readFile } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import { DEFINITION } from '../../adapters/local/run-dataset.ts';
import type { SourceContract } from '../../etl/contract/contract.ts';
import { parseContract } from '../../etl/contract/parse-contract.ts';
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
import type { ObjectStore } from '../../etl/ports.ts';
import { MOST_SMALL_FILES } from '../../etl/sealing/absorb.ts';
import { bindStages } from '../../etl/stages/handlers.ts';
import { keepPlan } from '../../etl/stages/keep-plan.ts';
import { LOOK_BACK_DAYS } from '../../etl/stages/list-sources.ts';
import { planOf } from '../../etl/stages/make-plan.ts';
import { testLake } from '../stages/harness.ts';
import { runStages } from '../stages/run-stages.ts';
import { countingStores } from '../support/counting-stores.ts';
import { MONTHLY, MONTHLY_SQL, SALES } from './sales.ts';

/** The names that stages have in the code and in the model. */
const NAMES: Readonly<Record<string, StageOfRun>> = {
  plan: 'plan',
  survey: 'survey',
  align: 'align',
  refine: 'refine',
  seal: 'seal',
  gate: 'gate',
  promote: 'promote',
  refreshGold: 'refresh-gold',
  sweep: 'sweep',
};
const MIB = 1024 * 1024;
/** A file has 294 bytes: one a chunk, and each cut into three. */
const ONE_FILE_BYTES = 300;
const THIRD_BYTES = 100;

/** Runs of a lake, all alike. */
interface Shape {
  /** Before the one that is counted. */
  readonly runs: number;
  readonly files: number;
  readonly months: number;
  readonly gold: boolean;
  /** How much a chunk may have; all files are one unless said. */
  readonly chunkBytes?: number;
}

/** What a later run of a lake asks of its stores, stage by stage. */
async function countRun(shape: Shape) {
  const lake = await testLake({
    contracts: shape.gold ? [SALES, MONTHLY] : [SALES],
    sql: MONTHLY_SQL,
    ...(shape.chunkBytes === undefined ? {} : { chunkBytes: shape.chunkBytes }),
  });
  try {
    const { effects } = lake.lake;
    const counting = countingStores(effects.objects, effects.data);
    const { objects, data } = counting;
    // As on AWS, programs listen.
    const events = { publish: async () => 'told' as const };
    const bound = bindStages({ ...effects, objects, data, events, lookBackDays: LOOK_BACK_DAYS });
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
      ({ stage, call, key }) => stage === 'refine' && call === 'publish' && key.startsWith('silver/'),
    ).length;
    return { counting, silver };
  } finally {
    await lake.dispose();
  }
}

describe("the model's requests are the stages' own", () => {
  test.each<[string, Shape, { chunks: number; ranges: number }]>([
    ['one file', { runs: 1, files: 1, months: 1, gold: true }, { chunks: 1, ranges: 0 }],
    ['a later run', { runs: 4, files: 1, months: 1, gold: true }, { chunks: 1, ranges: 0 }],
    [
      'a run that joins ledger files',
      { runs: 8, files: 1, months: 1, gold: false },
      { chunks: 1, ranges: 0 },
    ],
    ['several files and months', { runs: 2, files: 5, months: 3, gold: true }, { chunks: 1, ranges: 0 }],
    [
      'several chunks',
      { runs: 2, files: 3, months: 2, gold: true, chunkBytes: ONE_FILE_BYTES },
      { chunks: 3, ranges: 0 },
    ],
    [
      'files cut into ranges',
      { runs: 1, files: 2, months: 1, gold: false, chunkBytes: THIRD_BYTES },
      { chunks: 6, ranges: 6 },
    ],
    ['no Gold', { runs: 1, files: 2, months: 1, gold: false }, { chunks: 1, ranges: 0 }],
  ])('%s', async (_, shape, { chunks, ranges }) => {
    const { counting, silver } = await countRun(shape);
    expect(silver).toBe(chunks * shape.months);
    const run: RunShape = {
      files: shape.files,
      chunks,
      ranges,
      cutFiles: ranges === 0 ? 0 : shape.files,
      months: shape.months,
      silverFiles: silver,
      ledgerFiles: shape.runs,
      ledgerManifests: shape.runs,
      absorbedFiles: shape.runs < MOST_SMALL_FILES ? 0 : shape.runs,
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
    const { counting } = await countRun({ runs: 0, files: 3, months: 1, gold: false });
    const read = counting.calls
      .filter(({ call }) => call === 'stream')
      .map(({ key, size }) => [key.split('/').pop(), size]);
    const size = 'id,amount,paid_on\n'.length + 12 * '000000,1.00,2024-01-05\n'.length;
    expect(read).toEqual([0, 1, 2].map((n) => [`run0-${n}.csv`, size]));
  });
});

const SMALL: RunShape = {
  ...{ files: 1, chunks: 1, ranges: 0, cutFiles: 0, months: 1, silverFiles: 1, ledgerFiles: 0 },
  ...{ ledgerManifests: 0, absorbedFiles: 0, silverManifests: 0, overlappingFiles: 0 },
  ...{ goldTables: 0, goldInputFiles: 0 },
};
const NO_OBJECTS: ObjectStore = {
  list: async () => [],
  get: async () => undefined,
  put: async () => '',
  remove: async () => undefined,
  uri: (key) => key,
};

test.each([
  ['files', 250, 0],
  ['ranges of a file', 250, 250],
  ['files that fit in one part', 100, 0],
])('a plan is kept in parts where it has many chunks: %s', async (_, chunks, ranges) => {
  const sizes = ranges > 0 ? [ranges * 100] : Array.from({ length: chunks }, () => 100);
  const files = sizes.map((sizeBytes, index) => ({
    ...{ index, sizeBytes, key: `bronze/f${index}.csv`, sourceFileId: `${index}` },
    arrivedAt: '2024-06-01T05:00:00.000Z',
  }));
  const contract = parseContract('sales.yaml', SALES) as SourceContract;
  const clock = { now: () => new Date('2024-06-01T06:00:00.000Z') };
  const parts = { contract, base: undefined, files, ledger: new Map() };
  const plan = planOf('run', parts, { clock, chunkBytes: 100 });
  expect(plan.chunks.length).toBe(chunks);
  const puts: string[] = [];
  const put = async (key: string): Promise<string> => `${puts.push(key)}`;
  await keepPlan({ ...NO_OBJECTS, put }, plan);
  expect(puts.length).toBe(callsOf({ ...SMALL, chunks, ranges }).plan.put);
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
