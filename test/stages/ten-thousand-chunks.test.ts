import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { runStateMachine } from '../../adapters/local/state-machine.ts';
import { loadContracts, requireSourceContract } from '../../etl/contract/load-contracts.ts';
import { chunkListKey, planKey, runRecordKey, sealKey, spansKey, surveyKey } from '../../etl/naming/runs.ts';
import type { Alert, Effects, ObjectStore } from '../../etl/ports.ts';
import { align } from '../../etl/stages/align.ts';
import type { Plan, Seal } from '../../etl/stages/documents.ts';
import { filesToRead } from '../../etl/stages/files-to-read.ts';
import { bindStages } from '../../etl/stages/handlers.ts';
import { keepPlan } from '../../etl/stages/keep-plan.ts';
import { CHUNK_BYTES, planOf } from '../../etl/stages/make-plan.ts';
import { RunRecord } from '../../etl/stages/outcomes.ts';
import { refine } from '../../etl/stages/refine.ts';
import { loadRun } from '../../etl/stages/run-context.ts';
import { digestSeal } from '../../etl/stages/seal-digest.ts';
import { getDocument, putDocument } from '../../etl/stages/stored-documents.ts';
import { contractText, NO_LIMITS } from './contract-text.ts';
import { execute } from './execute.ts';
import { type TestLake, testLake } from './harness.ts';

/**
 * A run of ten thousand chunks, as metadata: what goes from stage to stage by value stays within what Step Functions
 * takes, and what a worker reads doesn't grow with the number of workers.
 */

const CHUNKS = 10_000;
const MB = 1024 * 1024;
/** What a state of Step Functions may take and give, and what a message of SNS may have. */
const MOST_BYTES = 256 * 1024;
const RUN = { dataset: 'test.records', runId: '20240601T000000000Z-00000000' };
const CONTRACT = contractText({
  columns: [
    { name: 'id', key: true },
    { name: 'on', type: 'date', required: true },
  ],
  partitionColumn: 'on',
  assay: { limits: NO_LIMITS },
});
const sizeOf = (value: unknown): number => Buffer.byteLength(JSON.stringify(value ?? null));

let lake: TestLake;
let effects: Effects;
const sent: Alert[] = [];
/** Bytes of documents read. */
let read = 0;
beforeAll(async () => {
  lake = await testLake({ contracts: [CONTRACT], chunkBytes: CHUNK_BYTES });
  effects = { ...lake.lake.effects, objects: inMemory(lake.lake.effects.objects) };
});
afterAll(() => lake.dispose());

/** What stages leave for one another is kept in memory: twenty thousand durable files would take minutes. */
function inMemory(objects: ObjectStore): ObjectStore {
  const staged = new Map<string, Uint8Array>();
  return {
    ...objects,
    async put(key, body, condition) {
      if (!key.startsWith('ops/staging/')) return await objects.put(key, body, condition);
      staged.set(key, body);
      return 'staged';
    },
    async get(key) {
      const body = staged.get(key);
      const found = body === undefined ? await objects.get(key) : { body, etag: 'staged' };
      read += found?.body.length ?? 0;
      return found;
    },
  };
}

/** The plan of files of these sizes, kept for a run as plan keeps it. */
async function planned(sizes: readonly number[]): Promise<{ plan: Plan; items: Item[] }> {
  const contract = requireSourceContract(await loadContracts(effects.contracts), RUN.dataset);
  const files = sizes.map((sizeBytes, index) => ({
    ...{ index, sizeBytes },
    key: `bronze/test/records/ingest_date=2024-06-01/branch-${index}-of-a-bank-with-a-long-name.csv`,
    sourceFileId: index.toString(16).padStart(64, 'a'),
    arrivedAt: '2024-06-01T05:00:00.000Z',
  }));
  const plan = planOf(RUN.runId, { contract, base: undefined, files, ledger: new Map() }, effects);
  await keepPlan(effects.objects, plan);
  return {
    plan,
    items: await getDocument(effects.objects, chunkListKey(RUN.dataset, RUN.runId), z.array(Item)),
  };
}
const Item = z.object({ chunk: z.string(), part: z.string() });
type Item = z.infer<typeof Item>;

const definition = async (): Promise<string> =>
  (
    await readFile(path.join(import.meta.dirname, '../../state-machines/medallion.asl.json'), 'utf8')
  ).replaceAll(/"IntervalSeconds": \d+/g, '"IntervalSeconds": 0');

/** A seal of all files of a plan, of which none is proven, and each for a long reason. */
function sealOf(plan: Plan): Seal {
  const counts = { records: CHUNKS, silver: CHUNKS, quarantined: 0, condemned: 0, blank: 0 };
  const body: Omit<Seal, 'digest'> = {
    format: 1,
    ...{ dataset: plan.dataset, runId: plan.runId, contractVersion: plan.contractVersion },
    ...{ contractDigest: plan.contractDigest, baseVersion: 0, sealedAt: plan.plannedAt, counts, reasons: {} },
    files: plan.files.map(({ key, sourceFileId, sizeBytes }) => ({
      ...{ key, sourceFileId, sizeBytes, status: 'accepted' as const },
      ...{ records: 1, silver: 1, quarantined: 0, condemned: 0, blank: 0 },
    })),
    controlTotals: [],
    rejectsDigest: '',
    unproven: plan.files.map(({ key }) => ({
      key,
      problem: 'some number is missing or stands twice; '.repeat(50),
    })),
  };
  return { ...body, digest: digestSeal(body) };
}

test('a worker reads the part of the plan that it is in, whatever the size of the run', async () => {
  const { plan, items } = await planned(Array.from({ length: CHUNKS }, () => 500 * MB));
  expect(items.length).toBe(CHUNKS);
  const whole = (await effects.objects.get(planKey(RUN.dataset, RUN.runId)))?.body.length ?? 0;
  let [most, files, taken] = [0, 0, new Set<string>()];
  for (const { chunk, part } of items) {
    // One worker of each part, since all of a part read the same.
    if (taken.has(part)) continue;
    taken.add(part);
    read = 0;
    const context = await loadRun(effects, RUN, part);
    const mine = await filesToRead(effects.objects, context.plan, part);
    most = Math.max(most, read);
    expect(mine.get(chunk)?.[0]?.key).toBe(plan.files[Number(chunk) - 1]?.key);
    files += context.plan.files.length;
  }
  expect({ parts: taken.size, files }).toEqual({ parts: CHUNKS / 100, files: CHUNKS });
  expect(most).toBeGreaterThan(10_000);
  expect(most).toBeLessThan(MOST_BYTES / 2);
  expect(whole).toBeGreaterThan(10 * MOST_BYTES);
});

test('each chunk of one file in ten thousand ranges takes its own span, from the part that it is in', async () => {
  const { plan, items } = await planned([CHUNKS * 500 * MB]);
  expect(plan.chunks.length).toBeGreaterThanOrEqual(9_700);
  const { objects } = effects;
  // As surveys find it where a record begins with each range, and 10 are in it.
  for (const { chunk, range } of plan.chunks) {
    if (range === undefined) throw new Error('A chunk is no range.');
    const mark = { byte: range.start, records: 0, lines: 0 };
    const end = { byte: range.end, records: 10, lines: 10 };
    await objects.put(
      surveyKey(RUN.dataset, RUN.runId, chunk),
      Buffer.from(JSON.stringify({ kind: 'marked', marks: [mark], end })),
    );
  }
  expect(sizeOf(await align(RUN, effects))).toBeLessThan(1_000);
  const all = await filesToRead(objects, plan);
  for (const { chunk, part } of [items[0], items[150], items.at(-1)].filter((one) => one !== undefined)) {
    read = 0;
    const { plan: own } = await loadRun(effects, RUN, part);
    const mine = (await filesToRead(objects, own, part)).get(chunk);
    expect(read).toBeGreaterThan(5_000);
    expect(read).toBeLessThan(MOST_BYTES / 2);
    expect(mine).toEqual(all.get(chunk));
    expect(mine?.[0]?.span?.records).toBe(10);
  }
  expect((await objects.get(spansKey(RUN.dataset, RUN.runId)))?.body.length).toBeGreaterThan(2 * MOST_BYTES);
});

test('a worker of a plan that was made anew since writes nothing over what is there', async () => {
  const { items } = await planned([1, 2, 3].map(() => 500 * MB));
  expect(items).toEqual(['0001', '0002', '0003'].map((chunk) => ({ chunk, part: '' })));
  await expect(refine({ ...RUN, chunk: '0150', part: '' }, effects)).rejects.toMatchObject({
    name: 'ConflictError',
    code: 'PLAN_CHANGED',
  });
});

describe('a run of ten thousand files of which none can be proven', () => {
  test('is refused, and neither a payload nor an alert is larger than what AWS takes', async () => {
    const { plan } = await planned(Array.from({ length: CHUNKS }, () => 500 * MB));
    await putDocument(effects.objects, sealKey(RUN.dataset, plan.contractVersion, RUN.runId), sealOf(plan));
    const bound = bindStages({
      ...effects,
      alerts: { ...effects.alerts, send: async (alert) => void sent.push(alert) },
    });
    let [most, refined] = [0, 0];
    const noted = (call: (input: unknown) => Promise<unknown>) => async (input: unknown) => {
      const output = await call(input);
      most = Math.max(most, sizeOf(input), sizeOf(output));
      return output;
    };
    // What the data decides is as if it had been; what goes between is the stages' own.
    const simulated = {
      plan: async () => ({
        ...(await keepPlan(effects.objects, plan)),
        ...{ status: 'planned', files: CHUNKS, chunks: CHUNKS, bytes: CHUNKS * 500 * MB },
      }),
      refine: async (input: unknown) => {
        refined += 1;
        return { ...(input as object), records: 1 };
      },
      seal: async () => ({ ...RUN, digest: sealOf(plan).digest, counts: sealOf(plan).counts }),
    };
    const handlers = Object.fromEntries(
      Object.entries({ ...bound, ...simulated }).map(([name, call]) => [name, noted(call)]),
    ) as typeof bound;
    const result = await runStateMachine({
      definitionText: await definition(),
      handlers,
      readItems: (key) => getDocument(effects.objects, key, z.array(z.unknown())),
      input: { ...RUN, start: 'plan' },
      concurrency: 50,
    });
    expect(result).toMatchObject({ status: 'failed', error: 'RunRefused' });
    expect(refined).toBe(CHUNKS);
    expect(most).toBeLessThan(MOST_BYTES / 4);
    expect(sent.map(({ kind }) => kind)).toEqual(['run-refused']);
    expect(sizeOf(sent)).toBeLessThan(MOST_BYTES / 4);
    expect(sent[0]?.title).toContain('and 9980 more');
  });
});

test('a run in parts comes to what it comes to in one chunk', async () => {
  const rows = Array.from(
    { length: 130 },
    (_, n) => `${n % 120},2024-01-${String((n % 28) + 1).padStart(2, '0')}`,
  );
  const files = {
    'a.csv': ['id,on', ...rows, ''].join('\n'),
    'b.csv': 'id,on\n7,2024-01-03\nx,never\n500,2024-02-01\n',
  };
  const digests: (string | undefined)[] = [];
  for (const chunkBytes of [CHUNK_BYTES, 16]) {
    // Of the parts, workers also write anew what holds records that stand twice.
    const one = await testLake({ contracts: [CONTRACT], chunkBytes, rewriteFromBytes: 0 });
    try {
      await one.drop(files);
      const { status } = await execute(one.lake.effects, { ...RUN, start: 'plan' });
      const run = await getDocument(
        one.lake.effects.objects,
        runRecordKey(RUN.dataset, RUN.runId),
        RunRecord,
      );
      expect({ status, run: run.status, silver: run.counts.silver }).toEqual({
        ...{ status: 'succeeded', run: 'promoted', silver: 121 },
      });
      expect((await one.rows('silver')).length).toBe(121);
      const second = await one.lake.effects.objects.get(planKey(RUN.dataset, RUN.runId, '0002'));
      expect(second !== undefined).toBe(chunkBytes < CHUNK_BYTES);
      digests.push(run.sealDigest ?? undefined);
    } finally {
      await one.dispose();
    }
  }
  expect(digests[1]).toBe(digests[0]);
});
