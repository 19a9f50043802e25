import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';
import { compareStages, multiple, toMarkdown } from '../../bench/scale/section.ts';
import { type CallInterval, costOfStages, coveredMs, longestCalls } from '../../bench/scale/timeline.ts';

const call = (kind: CallInterval['kind'], what: string, startMs: number, endMs: number): CallInterval => ({
  kind,
  what,
  startMs,
  endMs,
});

test('calls side by side are waited for once, and a gap between them is not', () => {
  const pair = (startMs: number, endMs: number) => ({ startMs, endMs });
  expect(coveredMs([])).toBe(0);
  expect(coveredMs([pair(8, 9), pair(0, 4), pair(2, 6), pair(3, 5)])).toBe(7);
});

test('a stage has the calls that ran while it did, and a stage that ran twice is added up', () => {
  const stages = [
    { stage: 'plan', startMs: 0, endMs: 10 },
    { stage: 'refine', startMs: 10, endMs: 30 },
    { stage: 'plan', startMs: 30, endMs: 35 },
  ];
  const calls = [
    call('stores', 'get', 1, 3),
    call('duckdb', 'SELECT 1', 12, 20),
    // Half of it while DuckDB is at work, too.
    call('stores', 'publish', 16, 24),
    // Begins in one stage and ends in the next.
    call('duckdb', 'SELECT 2', 28, 32),
  ];
  expect(costOfStages(stages, calls)).toEqual([
    { stage: 'plan', ms: 15, duckdbMs: 2, duckdbCalls: 1, storesMs: 2, storesCalls: 1 },
    { stage: 'refine', ms: 20, duckdbMs: 10, duckdbCalls: 2, storesMs: 4, storesCalls: 1 },
  ]);
});

test('calls of one text are added up before the longest are chosen', () => {
  const calls = [call('duckdb', 'A', 0, 3), call('duckdb', 'B', 0, 4), call('duckdb', 'A', 5, 8)];
  expect(longestCalls(calls, 1)).toEqual([{ what: 'A', ms: 6, calls: 2 }]);
});

test('stages that one side has not are empty cells, and text can not break the table', () => {
  const cost = (stage: string, ms: number) => ({
    stage,
    ms,
    duckdbMs: 0,
    duckdbCalls: 0,
    storesMs: 0,
    storesCalls: 0,
  });
  const sides = { one: [cost('plan', 1_000)], 'a|b': [cost('plan', 500), cost('seal', 20)] };
  expect(toMarkdown(compareStages('Two sides', sides))).toBe(
    [
      'Two sides\n',
      '| stage, s | one | a\\|b |',
      '| --- | ---: | ---: |',
      '| plan | 1.00 | 0.50 |',
      '| seal |  | 0.02 |',
      '| all | 1.00 | 0.52 |',
      '',
    ].join('\n'),
  );
  expect(multiple('time', 4.004, 4)).toMatchObject({ reached: '4.00 ×', isMet: false });
});

test('a run prints its tables and its goals, and leaves nothing behind', async () => {
  const work = mkdtempSync(join(tmpdir(), 'bench-scale-'));
  const json = `${work}.json`;
  try {
    const args = ['--import', 'tsx', 'bench/scale.ts', '--only', 'sizes,files', '--rows', '2_000,3_000'];
    args.push('--files', '12', '--repeat', '1', '--work', work, '--json', json);
    const { stdout } = await promisify(execFile)(process.execPath, args);
    expect(stdout).toMatch(/^\| 3,000 \| [\d.]+ \| [\d,]+ \| [\d.]+ \| 0\.\d\d \| 1 \|$/m);
    expect(stdout).toMatch(/^\| peak memory, 0\.002, 0\.003 M rows \| < 1\.5 GB, flat \| .* \| yes \|$/m);
    const [, files] = JSON.parse(readFileSync(json, 'utf8'));
    const stages: string[] = files.tables[0].lines.map(([stage]: string[]) => stage);
    expect(stages).toEqual(expect.arrayContaining(['ingest', 'plan', 'refine', 'seal', 'promote', 'all']));
    expect(readdirSync(work)).toEqual([]);
  } finally {
    rmSync(work, { recursive: true, force: true });
    rmSync(json, { force: true });
  }
});
