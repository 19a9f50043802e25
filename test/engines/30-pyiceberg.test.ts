import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ROOT } from '../aws/support/python.ts';
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
    expect(compared).toBe(23);
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
    expect(compared).toBe(19);
  });

  test('travels to every kept snapshot of every table', async () => {
    const { compared, found } = await compareSnapshots(engine, folder);
    expect(found).toEqual([]);
    expect(compared).toBeGreaterThan(40);
  });

  test('reads of a projection what a plain fold of its events comes to', async () => {
    const tables = await tablesOf(folder);
    const held = tables.find(({ namespace, name }) => namespace === 'projection' && name === 'products_held');
    if (held === undefined) throw new Error('There is no projection.products_held.');
    const { columns, rows } = await engine.read(held);
    const wanted = ['customer_product_id', 'status', 'monthly_price', 'changes'];
    const read = rows.map((row) => wanted.map((name) => row[columns.indexOf(name)]).join(' '));
    const examples = path.join(ROOT, 'examples/products');
    const files = (await readdir(examples)).filter((name) => name.endsWith('.jsonl'));
    const texts = await Promise.all(files.map((name) => readFile(path.join(examples, name), 'utf8')));
    expect(read.sort()).toEqual(heldOf(texts.join('')).sort());
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

interface Happened {
  readonly customer_product_id: string;
  readonly version: number;
  readonly event_type: string;
  readonly monthly_price?: string;
}

/** What each customer's product is after all lines of JSON: stream, status, price and how often that changed. */
function heldOf(lines: string): string[] {
  const events = lines.split('\n').filter((line) => line !== '');
  const all = events.map((line) => JSON.parse(line) as Happened);
  return [...new Set(all.map((one) => one.customer_product_id))].map((stream) => {
    const own = all.filter((one) => one.customer_product_id === stream);
    own.sort((a, b) => a.version - b.version);
    const kinds = own.map(({ event_type }) => event_type.replace('customer_product.', ''));
    const standing = kinds.filter((kind) => kind !== 'repriced').at(-1) ?? '';
    const status = standing === 'cancelled' || standing === 'paused' ? standing : 'active';
    const price = own.flatMap(({ monthly_price }) => monthly_price ?? []).at(-1) ?? '';
    const changes = kinds.filter((kind) => kind === 'repriced').length;
    return [stream, status, String(Number(price)), changes].join(' ');
  });
}
