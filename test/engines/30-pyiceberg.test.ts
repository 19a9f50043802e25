import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { isInCatalog } from './support/assay-catalog.ts';
import { askAssay, type EngineTable, putBack, tablesOf } from './support/lake.ts';
import { pyicebergEngine } from './support/pyiceberg-engine.ts';
import { Reader } from './support/reader.ts';
import { compareFiles, compareSnapshots, compareTables, compareTags } from './support/reading.ts';
import { readSession } from './support/session.ts';
import { compareWrites, type WritingEngine } from './support/writing.ts';

/** PyIceberg 0.12, which reads with pyarrow. */

const { tools, folder, rest, assay } = readSession();
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
    expect(compared).toBe(17);
  });

  test('finds the tables by the address of `assay serve`', async () => {
    const served = new Reader({
      python,
      script: 'pyiceberg_engine',
      args: [assay.url, assay.token],
      logFile: path.join(folder, 'pyiceberg.log'),
    });
    const read = (table: EngineTable) =>
      served.rows({ do: 'read', table: `${table.namespace}.${table.name}` });
    const { compared, found } = await compareTables({ read }, folder, isInCatalog);
    await served.stop();
    expect(found).toEqual([]);
    expect(compared).toBe(14);
  });

  test('travels to every kept snapshot of every table', async () => {
    const { compared, found } = await compareSnapshots(engine, folder);
    expect(found).toEqual([]);
    expect(compared).toBeGreaterThan(40);
  });

  test('travels to the tags of closed months', async () => {
    expect(await compareTags(engine, folder)).toEqual({ compared: 2, found: [] });
  });

  test('finds the digest of closed rows as it is documented: by the tag, in the table now, and in what was kept', async () => {
    const { columns, rows } = await askAssay(
      folder,
      "SELECT month, tag, digest, rows_key, snapshot_id FROM (SELECT *, strftime(as_of_month, '%Y-%m') AS month FROM ops.closings) ORDER BY month",
    );
    expect(columns).toHaveLength(5);
    const table = (await tablesOf(folder)).find(({ name }) => name === 'lab_reported_samples');
    for (const [month, tag, digest, key, snapshot] of rows) {
      const request = { do: 'closed', metadata: table?.metadataLocation, month, tag };
      const file = path.join(folder, 'lake', String(key));
      expect(await reader.request({ ...request, file })).toEqual({
        tag: digest,
        now: digest,
        file: digest,
        snapshot: Number(snapshot),
      });
    }
    expect(rows.map(([month]) => month)).toEqual(['2024-01', '2024-09']);
    // The late records are in Silver, and wait.
    const late = await askAssay(
      folder,
      "SELECT (SELECT count(*) FROM silver.lab_samples WHERE sample_id LIKE '2024-01-%') - (SELECT samples FROM gold.lab_reported_samples WHERE as_of_month = DATE '2024-01-01') AS late",
    );
    expect(late.rows).toEqual([['3']]);
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
