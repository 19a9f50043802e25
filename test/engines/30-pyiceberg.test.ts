import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { putBack, tablesOf } from './support/lake.ts';
import { pyicebergEngine } from './support/pyiceberg-engine.ts';
import { Reader } from './support/reader.ts';
import { compareFiles, compareSnapshots, compareTables } from './support/reading.ts';
import { readSession } from './support/session.ts';
import { compareWrites, type WritingEngine } from './support/writing.ts';

/** PyIceberg 0.12, which reads with pyarrow. */

const { tools, folder, rest } = readSession();
const { python } = tools;

describe('PyIceberg', () => {
  let reader: Reader;
  let engine: WritingEngine;

  beforeAll(async () => {
    reader = new Reader({
      python,
      script: 'pyiceberg_engine',
      args: [rest],
      logFile: path.join(folder, 'pyiceberg.log'),
    });
    engine = await pyicebergEngine(reader, { rest, prefix: 'pyiceberg_', tables: await tablesOf(folder) });
  });

  afterAll(async () => {
    await reader?.stop();
    await putBack(folder);
  });

  test('reads every value of every row of every table as `assay query` does', async () => {
    const { compared, found } = await compareTables(engine, folder);
    expect(found).toEqual([]);
    expect(compared).toBe(16);
  });

  test('travels to every kept snapshot of every table', async () => {
    const { compared, found } = await compareSnapshots(engine, folder);
    expect(found).toEqual([]);
    expect(compared).toBeGreaterThan(40);
  });

  test('plans exactly the files that have something to say to a month or a run', async () => {
    const { compared, found } = await compareFiles(engine, reader, folder);
    expect(found).toEqual([]);
    expect(compared).toBeGreaterThan(15);
  });

  test('appends, overwrites, deletes and expires, and every row is as it should be', async () => {
    expect(await compareWrites(engine, reader, folder)).toEqual([]);
  });
});
