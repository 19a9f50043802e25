import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { engineProcesses } from '../../adapters/local/engine-process/engine-process.ts';
import type { Question } from '../../etl/query/run-query.ts';
import { openDesk, type QueryDesk } from '../../service/queries/desk.ts';
import { contractText } from '../stages/contract-text.ts';
import { type TestLake, testLake } from '../stages/harness.ts';

const CONTRACT = contractText({
  dataset: 'shop.orders',
  partitionColumn: 'ordered_on',
  columns: [
    { name: 'id', key: true },
    { name: 'ordered_on', type: 'date', required: true },
  ],
});
const LONG = 'SELECT count(*) FROM range(1000000) a, range(1000000) b WHERE hash(a.range, b.range) % 7 = 1';
const READER = { schemas: new Set(['silver'] as const), ops: new Set<never>(), hidden: new Set<never>() };

let lake: TestLake;
let desk: QueryDesk;

beforeAll(async () => {
  lake = await testLake({ contracts: [CONTRACT] });
  await lake.dropAndRun({ 'a.csv': 'id,ordered_on\n1,2024-05-01\n2,2024-05-02\n' });
  desk = open({});
});
afterAll(async () => {
  await desk.close();
  await lake.dispose();
});

function open(limits: { readonly deadlineMs?: number; readonly keptMs?: number }): QueryDesk {
  const { effects } = lake.lake;
  return openDesk({
    effects: { ...effects, clock: { now: () => new Date() } },
    openEngine: engineProcesses({ ...effects.engine, memoryLimitMb: 128, threads: 1 }, effects.openScratch),
    atOnce: 2,
    deadlineMs: 60_000,
    keptMs: 60_000,
    ...limits,
  });
}

const question = (sql: string): Question => ({ sql, asOf: { kind: 'now' }, reader: READER });

test('an answer is kept for its reader, page by page, and for nobody else', async () => {
  const asked = await desk.ask(question('FROM silver.shop_orders SELECT id ORDER BY id'), 'ann');
  const state = await asked.state(30_000);
  if (state.kind !== 'answered') throw new Error(state.kind);
  expect(state.answer.rowCount).toBe(2);
  expect(await state.answer.rows(1, 2)).toEqual([['2']]);
  expect(await desk.find(asked.id, 'ann')).toBe(asked);
  expect(await desk.find(asked.id, 'bob')).toBeUndefined();
  expect(await desk.cancel(asked.id, 'bob')).toBe(false);
  expect(await desk.cancel(asked.id, 'ann')).toBe(true);
  expect(await desk.find(asked.id, 'ann')).toBeUndefined();
});

test('a mistake is told with what to write', async () => {
  const state = await (await desk.ask(question('FROM silver.shop_order'), 'ann')).state(30_000);
  expect(state).toMatchObject({ kind: 'failed', error: { code: 'NO_TABLE' } });
});

test('one that runs is told as running, is stopped when asked, and leaves nothing behind', async () => {
  const asked = await desk.ask(question(LONG), 'ann');
  expect(await asked.state(300)).toEqual({ kind: 'running' });
  expect(await desk.cancel(asked.id, 'ann')).toBe(true);
  expect(await asked.state(30_000)).toMatchObject({ kind: 'failed', error: { code: 'QUERY_STOPPED' } });
});

test('one that runs too long is ended', async () => {
  const short = open({ deadlineMs: 1_500 });
  const state = await (await short.ask(question(LONG), 'ann')).state(30_000);
  expect(state).toMatchObject({ kind: 'failed', error: { code: 'QUERY_TIME' } });
  await short.close();
});

test('the answer that nobody looked at for longest makes room; where all run, the next is refused', async () => {
  const two = open({});
  const first = await two.ask(question('SELECT 1'), 'ann');
  await first.state(30_000);
  await two.ask(question(LONG), 'ann');
  await two.ask(question(LONG), 'bob');
  expect(await two.find(first.id, 'ann')).toBeUndefined();
  await expect(two.ask(question('SELECT 1'), 'cid')).rejects.toEqual(
    expect.objectContaining({ name: 'TransientError', code: 'QUERIES_BUSY' }),
  );
  await two.close();
});

test('an answer that nobody looks at goes by itself, and nothing of any query stays on the disk', async () => {
  const brief = open({ keptMs: 400 });
  const asked = await brief.ask(question('SELECT 1'), 'ann');
  await asked.state(30_000);
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  expect(await brief.find(asked.id, 'ann')).toBeUndefined();
  await brief.close();
  await desk.close();
  const left = (await readdir(path.join(lake.lake.root, '.scratch'))).filter((name) =>
    name.startsWith('query'),
  );
  expect(left).toEqual([]);
});
