import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { runContender, selectContenders } from '../../bench/contenders.ts';
import { type ExpectedCounts, generateFile } from '../../bench/generate.ts';
import { isInstalled, openPython, VENV } from '../../bench/python.ts';
import { ingestRowByRow } from '../../bench/row-by-row.ts';

let directory: string;
let file: string;
let expected: ExpectedCounts;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'bench-python-'));
  file = join(directory, 'in.csv');
  expected = generateFile({ rows: 20_000, seed: 5, months: 12 }, file);
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

test('where Python is missing, it is said which command did not start', () => {
  const venv = join(directory, 'venv');
  expect(openPython(venv, 'no-such-python')).toEqual({
    kind: 'absent',
    why: expect.stringMatching(/^no-such-python doesn't start/),
  });
  expect(isInstalled(venv)).toBe(false);
});

test('an environment that could not be made is no environment, however often it is asked for', () => {
  const venv = join(directory, 'broken');
  for (let i = 0; i < 2; i++) {
    expect(openPython(venv, 'false')).toEqual({ kind: 'absent', why: `false -m venv ${venv} failed: ` });
  }
  expect(existsSync(venv)).toBe(false);
});

/** The rows of all Parquet files below a folder, with the columns that every contender writes alike. */
async function readRows(folder: string): Promise<Set<string>> {
  const rows = new Set<string>();
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (!name.endsWith('.parquet')) continue;
    const source = { file: await asyncBufferFromFile(join(folder, name)), compressors };
    for (const row of await parquetReadObjects(source)) {
      const { transaction_id, customer_id, currency, transaction_timestamp: time, row_hash } = row;
      rows.add([transaction_id, customer_id, currency, time.toISOString(), row_hash].join());
    }
  }
  return rows;
}

// Installing is the benchmark's own business: `npm run bench -- --only polars --rows 1000` does it.
const withVenv = isInstalled(VENV) ? test : test.skip;

withVenv('pandas and Polars find what the generator put in, and write what the loop writes', async () => {
  const loop = join(directory, 'loop');
  await ingestRowByRow(file, loop);
  const wanted = await readRows(join(loop, 'silver'));
  const { rows, silver, rejected, duplicates } = expected;
  for (const contender of selectContenders(['pandas', 'polars'])) {
    const out = join(directory, contender.name);
    const found = await runContender(contender, { file, out, python: join(VENV, 'bin', 'python') });
    expect(found).toMatchObject({ rows, silver, rejected, duplicates });
    const written = await readRows(join(out, 'silver'));
    expect(written.size).toBe(silver);
    expect([...written].filter((row) => !wanted.has(row))).toEqual([]);
  }
});
