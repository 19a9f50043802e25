import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import { bareCopy } from '../../bench/bare-copy.ts';
import { selectContenders } from '../../bench/contenders.ts';
import { type ExpectedCounts, generateFile } from '../../bench/generate.ts';
import { ingestRowByRow } from '../../bench/row-by-row.ts';

let directory: string;
let file: string;
let expected: ExpectedCounts;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'bench-'));
  file = join(directory, 'in.csv');
  expected = generateFile({ rows: 20_000, seed: 5, months: 12 }, file);
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

test('the loop finds exactly what the generator put in, and its Parquet can be read', async () => {
  const out = join(directory, 'loop');
  const { rows, silver, rejected, duplicates } = expected;
  expect(await ingestRowByRow(file, out)).toEqual({ rows, silver, rejected, duplicates });

  const rejects = readFileSync(join(out, 'rejects.ndjson'), 'utf8').trimEnd().split('\n');
  const codes: Record<string, number> = {};
  for (const line of rejects) {
    const code: string = JSON.parse(line).reasons[0].code;
    codes[code] = (codes[code] ?? 0) + 1;
  }
  const { bad } = expected;
  expect(codes).toEqual({
    NULL_VALUE: bad.missingAmount + bad.missingCustomer,
    TYPE_ERROR: bad.amountNotNumber + bad.timestampNotIso,
    DOMAIN_ERROR: bad.currencyNotIso,
    STRUCTURE_ERROR: bad.tooManyFields + bad.trailingDelimiter + bad.tooFewFields + bad.strayQuote,
    DUPLICATE: expected.duplicates,
  });

  const months = readdirSync(join(out, 'silver', 'year=2024'));
  expect(months).toHaveLength(12);
  let stored = 0;
  for (const month of months) {
    const path = join(out, 'silver', 'year=2024', month, 'part-0.parquet');
    const read = await parquetReadObjects({ file: await asyncBufferFromFile(path) });
    expect(read.every((row) => month.endsWith(row.transaction_timestamp.toISOString().slice(5, 7)))).toBe(
      true,
    );
    stored += read.length;
  }
  expect(stored).toBe(silver);
});

test('the tuned bare copy misses no record, except in what it takes for good', async () => {
  const cost = await bareCopy(file, join(directory, 'tuned'), 'tuned');
  const { bad } = expected;
  expect(cost.rows).toBe(expected.rows);
  expect(cost.rejected).toBe(bad.tooManyFields + bad.tooFewFields + bad.strayQuote);
  expect(cost.durationMs).toBeGreaterThan(0);
});

test('the plain bare copy misses no record, but rejects good ones: what it sniffs of quotes is wrong', async () => {
  const cost = await bareCopy(file, join(directory, 'plain'), 'plain');
  expect(cost.rows).toBe(expected.rows);
  expect(cost.rejected).toBeGreaterThan(expected.rejected);
});

test('an unknown contender is named', () => {
  expect(() => selectContenders(['assay2'])).toThrow(/assay2/);
});

test('a bench run prints a table, writes JSON and leaves nothing else behind', async () => {
  const work = join(directory, 'work');
  const json = join(directory, 'result.json');
  const args = ['--import', 'tsx', 'bench/run.ts', '--rows', '2_000', '--repeat', '2'];
  args.push('--only', 'bare-copy,row-by-row', '--loop-rows', '1_000', '--work', work, '--json', json);
  const { stdout } = await promisify(execFile)(process.execPath, args);
  expect(stdout).toMatch(/^bare-copy +2 000 .* ok$/m);
  expect(stdout).toMatch(/^row-by-row \* +1 000 .* ok$/m);
  const { results } = JSON.parse(readFileSync(json, 'utf8'));
  expect(results.map((result: { runs: unknown[] }) => result.runs.length)).toEqual([2, 2]);
  expect(readdirSync(work)).toEqual([]);
});
