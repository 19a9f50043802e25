import { readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { auditDataset } from '../../etl/audit/audit-dataset.ts';
import { loadContracts, requireSourceContract } from '../../etl/contract/load-contracts.ts';
import { DataError } from '../../etl/errors.ts';
import {
  chunkListKey,
  rewriteListKey,
  rewriteTaskKey,
  rewrittenKey,
  runPrefix,
  runRecordKey,
} from '../../etl/naming/runs.ts';
import { vacuum } from '../../etl/operations/vacuum.ts';
import type { Effects, StageEvent } from '../../etl/ports.ts';
import { bindStages } from '../../etl/stages/handlers.ts';
import { RunRecord } from '../../etl/stages/outcomes.ts';
import { RewriteResult, RewriteTask } from '../../etl/stages/rewrite-documents.ts';
import { getDocument, putDocument } from '../../etl/stages/stored-documents.ts';
import { tempFolder } from '../adapters/temp-folder.ts';
import { withoutRun } from '../properties/same-rows.ts';
import { contractText, NO_LIMITS, PAYMENTS } from '../stages/contract-text.ts';
import { execute } from '../stages/execute.ts';
import { type TestLake, testLake } from '../stages/harness.ts';
import { type CopyingEffects, copyingData } from '../support/copying-data.ts';
import { forgeParquet } from '../support/forge-parquet.ts';

/** Where very much of Silver is to be written anew, workers do it, and seal adds up what they say. */

const RUN = { dataset: 'test.payments', runId: 'run-1' };
const HEADER = 'id,paid_on,amount,note\n';
const ROWS = 40;
const lines = (from: number, amount: string): string =>
  Array.from(
    { length: ROWS },
    (_, n) => `k${from + n},2024-0${1 + (n % 2)}-${String(1 + (n % 28)).padStart(2, '0')},${amount},\n`,
  ).join('');

/** Four files of 40 payments, of which half have keys of the file before; the first ones stand in the base, too. */
const FILES = Object.fromEntries(
  Array.from({ length: 4 }, (_, n) => [`f${n}.csv`, HEADER + lines((n * ROWS) / 2, `${n}.25`)]),
);
const BASE = { 'base.csv': HEADER + lines(0, '9.00'), 'other.csv': HEADER + lines(5000, '9.00') };
const CHUNK_BYTES = Math.max(...Object.values(FILES).map((text) => text.length));

const CONTRACTS = {
  condemn: contractText({
    ...PAYMENTS,
    dataset: RUN.dataset,
    assay: { ...PAYMENTS.assay, duplicates: 'condemn', limits: NO_LIMITS },
  }),
  replace: contractText({
    ...PAYMENTS,
    dataset: RUN.dataset,
    assay: { ...PAYMENTS.assay, duplicates: 'replace', limits: NO_LIMITS },
  }),
};

let folder: string;
let disposeFolder: () => Promise<void>;
const disposals: (() => Promise<void>)[] = [];
beforeEach(async () => {
  ({ folder, dispose: disposeFolder } = await tempFolder());
});
afterEach(async () => {
  for (const dispose of disposals.splice(0)) await dispose();
  await disposeFolder();
});

/** A lake with a base, on which the first of the files wait. */
async function waiting(
  duplicates: keyof typeof CONTRACTS,
  rewriteFromBytes: number,
  { wrap, count = 4 }: { readonly wrap?: (effects: Effects) => Effects; readonly count?: number } = {},
): Promise<TestLake> {
  const made = await testLake({
    contracts: [CONTRACTS[duplicates]],
    ...{ chunkBytes: CHUNK_BYTES, rewriteFromBytes },
    ...(wrap === undefined ? {} : { wrap }),
  });
  disposals.push(() => made.dispose());
  expect(await made.dropAndRun(BASE)).toMatchObject({ status: 'promoted' });
  await made.drop(Object.fromEntries(Object.entries(FILES).slice(0, count)));
  return made;
}

const Tasks = z.array(z.object({ task: z.string(), part: z.string() }));
type Stages = ReturnType<typeof bindStages>;

/** Plans and refines, and seals as far as seal comes by itself. */
async function sealedFirst(effects: Effects): Promise<{ stages: Stages; tasks: z.infer<typeof Tasks> }> {
  const stages = bindStages(effects);
  await stages.plan(RUN);
  const Chunks = z.array(z.object({ chunk: z.string(), part: z.string() }));
  for (const item of await getDocument(effects.objects, chunkListKey(RUN.dataset, RUN.runId), Chunks))
    await stages.refine({ ...RUN, ...item });
  const { rewrites } = z
    .object({ rewrites: z.number() })
    .parse(await stages.seal({ ...RUN, rewriting: 'choose' }));
  const tasks = await getDocument(effects.objects, rewriteListKey(RUN.dataset, RUN.runId), Tasks);
  expect(tasks).toHaveLength(rewrites);
  return { stages, tasks };
}

/** Silver's files of the run. */
async function filesOf({ lake: { effects } }: TestLake): Promise<string[]> {
  const files = await effects.objects.list('silver/');
  return files.map(({ key }) => key).filter((key) => key.includes(RUN.runId) && key.endsWith('.parquet'));
}

describe.each(['condemn', 'replace'] as const)('duplicates in all files of a run (%s)', (duplicates) => {
  test('written anew by seal or by workers, in any order and more than once, come to the same files, rows and digest', async () => {
    const alone = await waiting(duplicates, Number.POSITIVE_INFINITY);
    expect((await execute(alone.lake.effects, { ...RUN, start: 'plan' })).status).toBe('succeeded');
    const many = await waiting(duplicates, 0);
    const { stages, tasks } = await sealedFirst(many.lake.effects);
    expect(tasks.length).toBeGreaterThan(2);
    for (const item of tasks.toReversed()) await stages.rewrite({ ...RUN, ...item });
    await stages.rewrite({ ...RUN, ...tasks[1] });
    const sealed = await stages.seal({ ...RUN, rewriting: 'done' });
    expect(await stages.seal({ ...RUN, rewriting: 'done' })).toEqual(sealed);
    await stages.gate(RUN);
    await stages.promote(RUN);
    expect(await filesOf(many)).toEqual(await filesOf(alone));
    const [rows, expected] = [await many.rows('silver'), await alone.rows('silver')];
    expect(withoutRun(rows)).toEqual(withoutRun(expected));
    // What fails for it is told as it came: as many as seal alone tells, each with its text.
    const failed = withoutRun(await many.rows('condemned'));
    expect(failed).toEqual(withoutRun(await alone.rows('condemned')));
    expect(failed.filter((row) => row.includes('k20'))).toHaveLength(duplicates === 'condemn' ? 2 : 1);
    // Keys 0 to 99, and those of the other file.
    expect(rows.length).toBe(100 + ROWS);
    expect(new Set(rows.map(({ id }) => id)).size).toBe(rows.length);
    const digestOf = async ({ lake: { effects } }: TestLake): Promise<unknown> =>
      (await getDocument(effects.objects, runRecordKey(RUN.dataset, RUN.runId), RunRecord)).sealDigest;
    expect(sealed).toMatchObject({ digest: await digestOf(alone) });
    expect(await digestOf(many)).toBe(await digestOf(alone));
  });
});

test('the workflow has workers do it, none of which has more of Silver on its disk than a chunk', async () => {
  let copying: CopyingEffects | undefined;
  const copied = await waiting('replace', 0, {
    wrap: (effects) => {
      copying = copyingData(effects, folder);
      return copying.effects;
    },
  });
  const effects = copying?.effects ?? copied.lake.effects;
  const stages: string[] = [];
  const told = { ...effects, onStage: ({ stage }: StageEvent) => void stages.push(stage) };
  expect((await execute(told, { ...RUN, start: 'plan' })).status).toBe('succeeded');
  expect(stages.filter((stage) => stage === 'seal')).toHaveLength(2);
  expect(stages.filter((stage) => stage === 'rewrite').length).toBeGreaterThan(2);
  expect((await copied.rows('silver')).length).toBe(100 + ROWS);
  const sizes = (await effects.objects.list('silver/'))
    .filter(({ key }) => key.endsWith('.parquet'))
    .map(({ sizeBytes }) => sizeBytes);
  // Refine reads back both months' files of its chunk at once.
  expect(copying?.most('silver/')).toBeLessThanOrEqual(2 * Math.max(CHUNK_BYTES, ...sizes));
  expect(sizes.length).toBeGreaterThan(12);
  expect(copying?.held().filter((key) => key.startsWith('silver/'))).toEqual([]);
});

test('a run that has little to write anew leaves nothing for workers', async () => {
  const lake = await waiting('condemn', 10 ** 6);
  const stages: string[] = [];
  const effects = { ...lake.lake.effects, onStage: ({ stage }: StageEvent) => void stages.push(stage) };
  expect((await execute(effects, { ...RUN, start: 'plan' })).status).toBe('succeeded');
  expect(stages.filter((stage) => stage === 'seal')).toHaveLength(1);
  expect(stages).not.toContain('rewrite');
  const left = await effects.objects.list(`${runPrefix(RUN.dataset, RUN.runId)}`);
  expect(left.filter(({ key }) => /rewr|leaving/.test(key))).toEqual([]);
});

test('what workers left is believed only where it is whole, and of just this run', async () => {
  const lake = await waiting('replace', 0, { count: 2 });
  const { effects } = lake.lake;
  const { stages, tasks } = await sealedFirst(effects);
  const rewrite = async (): Promise<void> => {
    for (const item of tasks) await stages.rewrite({ ...RUN, ...item });
  };
  const seal = (): Promise<unknown> => stages.seal({ ...RUN, rewriting: 'done' });
  await expect(seal()).rejects.toMatchObject({ name: 'DataError', code: 'REWRITE_MISSING' });
  await rewrite();
  const keyOf = (n: number): string => rewrittenKey(RUN.dataset, RUN.runId, tasks[n]?.task ?? '');
  const resultOf = (n: number): Promise<RewriteResult> =>
    getDocument(effects.objects, keyOf(n), RewriteResult);
  const first = await resultOf(0);
  const forge = async (change: Partial<RewriteResult>, code: string, name = 'DataError'): Promise<void> => {
    await putDocument(effects.objects, keyOf(0), { ...first, ...change });
    await expect(seal()).rejects.toMatchObject({ name, code });
  };
  // A result that is missing, another's, cut, or says something else than what is there.
  await effects.objects.remove(keyOf(0));
  await expect(seal()).rejects.toMatchObject({ code: 'REWRITE_MISSING' });
  await forge(await resultOf(1), 'REWRITE_WRONG');
  await forge({ files: first.files.slice(1) }, 'REWRITE_WRONG');
  await forge({ files: [...first.files, ...first.files] }, 'REWRITE_WRONG');
  await forge({ files: first.files.map((file) => ({ ...file, left: file.left + 1 })) }, 'REWRITE_WRONG');
  await forge({ after: first.after.map((of) => ({ ...of, records: of.records - 1 })) }, 'REWRITE_WRONG');
  const { recovered, ...unrecovered } = first;
  expect(recovered?.records).toBe(ROWS / 2);
  await putDocument(effects.objects, keyOf(0), unrecovered);
  await expect(seal()).rejects.toMatchObject({ code: 'REWRITE_WRONG' });
  await forge({ format: 1 }, 'FORMAT_CHANGED', 'ConflictError');
  const whole = Buffer.from((await effects.objects.get(keyOf(1)))?.body ?? '');
  await putDocument(effects.objects, keyOf(0), first);
  await effects.objects.put(keyOf(1), whole.subarray(0, whole.length / 2));
  await expect(seal()).rejects.toMatchObject({ name: 'ConflictError', code: 'FORMAT_CHANGED' });
  await effects.objects.put(keyOf(1), whole);
  // Measures that don't add up are no error, but a run that nobody can publish.
  const sums = first.after.map((of) => ({ ...of, sums: of.sums.map((sum) => ({ ...sum, sum: '1.00' })) }));
  await putDocument(effects.objects, keyOf(0), { ...first, after: sums });
  await seal();
  expect(await stages.gate(RUN)).toMatchObject({ decision: 'refuse' });
  // Files that aren't as their worker left them.
  await rewrite();
  const made = first.files.flatMap((file) => file.made)[0]?.key ?? '';
  const file = path.join(lake.lake.root, made);
  await forgeParquet(file, 'SELECT * REPLACE (amount + 1 AS amount) FROM THIS', folder);
  await expect(seal()).rejects.toMatchObject({ code: 'REWRITE_CHANGED' });
  await rm(file);
  await expect(seal()).rejects.toMatchObject({ code: 'REWRITE_CHANGED' });
  // Readers saw none of it, and the very same run comes to its end once the workers did their work.
  expect((await lake.rows('silver')).length).toBe(2 * ROWS);
  await rewrite();
  await seal();
  expect(await stages.gate(RUN)).toMatchObject({ decision: 'promote' });
  await stages.promote(RUN);
  expect((await lake.rows('silver')).length).toBe(60 + ROWS);
  expect((await auditDataset(effects, { dataset: RUN.dataset })).problems).toEqual([]);
});

test('a worker whose task was changed writes nothing, and one that left a replaced row in its place is found', async () => {
  const lake = await waiting('replace', 0);
  const { effects } = lake.lake;
  const { stages, tasks } = await sealedFirst(effects);
  const taskOf = (id: string): Promise<RewriteTask> =>
    getDocument(effects.objects, rewriteTaskKey(RUN.dataset, RUN.runId, id), RewriteTask);
  const all = await Promise.all(tasks.map(async (one) => ({ ...one, says: await taskOf(one.task) })));
  const found = all.find(({ says }) => says.kind === 'base');
  if (found === undefined) throw new Error('No task is about the base.');
  const { says: task, ...item } = found;
  const before = await filesOf(lake);
  const key = rewriteTaskKey(RUN.dataset, RUN.runId, item.task);
  const changes: Partial<RewriteTask>[] = [
    { files: task.files.slice(1) },
    { partPrefix: 'part-other' },
    { files: task.files.map((file) => ({ ...file, n: file.n + 1 })) },
  ];
  for (const change of changes) {
    await putDocument(effects.objects, key, { ...task, ...change });
    await expect(stages.rewrite({ ...RUN, ...item })).rejects.toMatchObject({ code: 'TASK_CHANGED' });
  }
  expect(await filesOf(lake)).toEqual(before);
  await putDocument(effects.objects, key, task);
  for (const one of tasks) await stages.rewrite({ ...RUN, ...one });
  // As a worker would leave it that missed the base's files: it fits what it says of itself.
  const resultKey = rewrittenKey(RUN.dataset, RUN.runId, item.task);
  const result = await getDocument(effects.objects, resultKey, RewriteResult);
  expect(result.files.length).toBeGreaterThan(0);
  await putDocument(effects.objects, resultKey, { ...result, files: [], before: [], after: [] });
  const seal = (): Promise<unknown> => stages.seal({ ...RUN, rewriting: 'done' });
  await expect(seal()).rejects.toMatchObject({ name: 'DataError', code: 'SUPERSEDED_LEFT' });
  await putDocument(effects.objects, resultKey, result);
  await seal();
  expect(await stages.gate(RUN)).toMatchObject({ decision: 'promote' });
});

test('a worker whose list of what leaves was changed writes nothing', async () => {
  const lake = await waiting('condemn', 0);
  const { effects } = lake.lake;
  const { stages, tasks } = await sealedFirst(effects);
  const item = tasks.at(-1);
  const task = await getDocument(
    effects.objects,
    rewriteTaskKey(RUN.dataset, RUN.runId, item?.task ?? ''),
    RewriteTask,
  );
  const list = path.join(lake.lake.root, task.leaving?.key ?? '');
  const before = await filesOf(lake);
  const kept = await readFile(list);
  await forgeParquet(list, 'SELECT * REPLACE (source_row_number + 1 AS source_row_number) FROM THIS', folder);
  const doing = (): Promise<unknown> => stages.rewrite({ ...RUN, ...item });
  await expect(doing()).rejects.toMatchObject({ name: 'DataError', code: 'LEAVING_CHANGED' });
  expect(await filesOf(lake)).toEqual(before);
  await writeFile(list, kept);
  await doing();
  expect((await filesOf(lake)).length).toBeGreaterThan(before.length);
  // Under a state machine of before there were such workers, seal does all of it.
  expect(await stages.seal(RUN)).toMatchObject({ digest: expect.stringMatching(/^[0-9a-f]{64}$/) });
});

test('runs that die while files are written anew, at one change or another, lose nothing, and the next one publishes all', async () => {
  const whole = await waiting('replace', Number.POSITIVE_INFINITY, { count: 2 });
  await execute(whole.lake.effects, { ...RUN, start: 'plan' });
  const expected = withoutRun(await whole.rows('silver'));
  const lake = await waiting('replace', 0, { count: 2 });
  // Each run takes up the same files, since none before it came to its end.
  const idOf = (step: number): string => `20240602T0000${String(step).padStart(2, '0')}000Z-00000000`;
  let deaths = 0;
  for (let step = 1; ; step += 2) {
    const { dying, hasDied } = dyingAfter(lake.lake.effects, step);
    await execute(dying, { ...RUN, runId: idOf(step), start: 'plan' });
    if (!hasDied()) break;
    deaths += 1;
    expect((await lake.rows('silver')).length).toBe(2 * ROWS);
  }
  expect(deaths).toBeGreaterThan(6);
  expect(withoutRun(await lake.rows('silver'))).toEqual(expected);
  expect((await auditDataset(lake.lake.effects, { dataset: RUN.dataset })).problems).toEqual([]);
  // What the dead left goes with the vacuum, once none of them can be under way any more.
  const { effects } = lake.lake;
  const later = { ...effects, clock: { now: () => new Date('2030-01-01') } };
  const contract = requireSourceContract(await loadContracts(effects.contracts), RUN.dataset);
  const { skipped, removed } = await vacuum(later, { contract, olderThanMs: 0, isDryRun: true });
  const going = new Set(removed.map(({ key }) => key));
  const left = [...(await effects.objects.list('silver/')), ...(await effects.objects.list('ops/staging/'))];
  const ofDead = left.filter(({ key }) => /20240602T/.test(key) && !key.includes(idOf(1 + 2 * deaths)));
  expect({ skipped, staying: ofDead.filter(({ key }) => !going.has(key)) }).toEqual({
    skipped: null,
    staying: [],
  });
  expect(ofDead.some(({ key }) => /part-(unique|kept)/.test(key))).toBe(true);
  expect(ofDead.some(({ key }) => /leaving-/.test(key))).toBe(true);
});

/** Effects of a process that ends at the n-th change after the first seal began, and changes nothing from then on. */
function dyingAfter(effects: Effects, step: number): { dying: Effects; hasDied: () => boolean } {
  let [isCounting, changes, seals] = [false, 0, 0];
  const guard = <A extends unknown[], R>(change: (...args: A) => Promise<R>) => {
    return async (...args: A): Promise<R> => {
      if (isCounting) changes += 1;
      if (changes >= step) throw new DataError('DEAD', 'The process is dead.');
      return await change(...args);
    };
  };
  const { objects, data } = effects;
  const dying = {
    ...effects,
    onStage: ({ stage }: StageEvent) => {
      if (stage === 'seal') seals += 1;
      // Up to the second seal's own changes.
      isCounting = seals === 1;
    },
    objects: { ...objects, put: guard(objects.put), remove: guard(objects.remove) },
    data: { ...data, publish: guard(data.publish) },
  };
  return { dying, hasDied: () => changes >= step };
}
