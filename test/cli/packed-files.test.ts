import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { commandsIn } from './commands-in.ts';
import { runMain } from './run-main.ts';
import { RunsJson } from './shapes.ts';
import { openShop, salesContract } from './shop.ts';

/**
 * Every command that has to do with source files, of files that are packed: an archive of a CSV file, one that is packed
 * itself and a workbook, and a workbook beside it (test/archives/make-sales.py). One lake, one test after the other.
 */

let shop: Awaited<ReturnType<typeof openShop>>;
const { json, ok } = commandsIn(() => shop);
const run = async () => RunsJson.parse((await json('run')).json)[0];
const query = async (sql: string) => await ok('query', sql);
const IDS = 'SELECT sale_id FROM silver.shop_sales ORDER BY 1';
const idsOf = async () =>
  ((await query(IDS)) as { sale_id: string }[]).map(({ sale_id }) => sale_id).join(' ');
const WORD = ['--reason', 'packed', '--by', 'ann'];
const names = (rows: unknown): string[] =>
  (rows as { source_file: string }[]).map(({ source_file }) =>
    source_file.replace(/^.*ingest_date=[^/]*\//, ''),
  );

beforeAll(async () => {
  shop = await openShop();
  for (const name of ['sales.zip', 'sales.xlsx']) {
    const bytes = await readFile(fileURLToPath(new URL(`../archives/files/${name}`, import.meta.url)));
    await shop.write(name, bytes);
    await ok('ingest', name, '--dataset', 'shop.sales');
  }
  expect(await run()).toMatchObject({
    status: 'promoted',
    counts: { records: 7, silver: 4, quarantined: 3 },
  });
});
afterAll(() => shop.dispose());

test('files of an archive and sheets have their own names in the ledger, in quarantine and in lineage', async () => {
  expect(names(await query('SELECT source_file FROM ops.source_files ORDER BY source_file'))).toEqual([
    'sales.xlsx',
    'sales.zip#2024/feb.csv.gz',
    'sales.zip#jan.csv',
    'sales.zip#mar.xlsx',
  ]);
  expect(names(await query('SELECT source_file FROM ops.quarantine ORDER BY source_file'))).toEqual([
    'sales.xlsx',
    'sales.zip#jan.csv',
    'sales.zip#mar.xlsx',
  ]);
  const lines = async (month: string) =>
    JSON.stringify(await ok('lineage', 'shop.monthly_sales', `as_of_month=${month}`, '--unmasked'));
  expect(await lines('2024-01-01')).toMatch(/sales\.zip#jan\.csv.*j1,Ann,1\.25,2024-01-02/s);
  expect(await lines('2024-02-01')).toMatch(/sales\.zip#2024\/feb\.csv\.gz.*f1,Cyd,2\.50,2024-02-02/s);
  expect(await lines('2024-03-01')).toMatch(/sales\.zip#mar\.xlsx.*m1,Dan,4\.75,2024-03-02/s);
  expect(await lines('2024-04-01')).toMatch(/sales\.xlsx.*a1,Fay,8\.5,2024-04-02/s);
});

test('health and the audit see nothing amiss', async () => {
  expect((await runMain(['audit'], shop)).code).toBe(0);
  expect(JSON.stringify((await json('health')).json)).not.toMatch(/rejected/i);
});

test('a contract is tried over them, each record as it would be', async () => {
  await shop.write('proposed.yaml', salesContract().replace('DECIMAL(18,2)', 'DECIMAL(18,1)'));
  const tried = await ok('contracts', 'try', 'proposed.yaml');
  // 1.25 and 4.75 have a decimal too many; 2.50 and 8.5 have one that counts.
  expect(JSON.stringify(tried)).toMatch(/FORMAT_ERROR/);
  expect(tried).toMatchObject({
    files: 4,
    counts: { records: 7, silverNow: 4, silverThen: 2, toSilver: 0, out: 2 },
  });
});

test('a backfill reads each of them again, and gives the same', async () => {
  const [rows, done] = [
    await query('SELECT * FROM silver.shop_sales ORDER BY sale_id'),
    await ok('backfill', 'shop.sales', '--from', '2020-01-01', '--again', ...WORD),
  ];
  for (const name of ['sales.zip#jan.csv', 'sales.zip#2024/feb.csv.gz', 'sales.zip#mar.xlsx', 'sales.xlsx'])
    expect(JSON.stringify(done)).toContain(name);
  const values = (all: unknown): unknown =>
    (all as Record<string, unknown>[]).map(({ run_id: _run, ingestion_timestamp: _at, ...row }) => row);
  expect(values(await query('SELECT * FROM silver.shop_sales ORDER BY sale_id'))).toEqual(values(rows));
  expect((await runMain(['audit'], shop)).code).toBe(0);
});

test('records of them are corrected and tested once more', async () => {
  const listed = JSON.stringify(await ok('quarantine', 'list'));
  const found = [...listed.matchAll(/"record":"([0-9a-f]+)"/g)].map(([, record]) => record ?? '');
  expect(found.length).toBe(3);
  for (const record of found.slice(0, 2))
    await ok('quarantine', 'correct', record, 'amount=1.00', '--dataset', 'shop.sales', ...WORD);
  expect((await idsOf()).split(' ')).toHaveLength(6);
  await ok('quarantine', 'retry', '--all', '--dataset', 'shop.sales', ...WORD);
  expect((await idsOf()).split(' ')).toHaveLength(6);
});

test('a new major version makes the tables anew from them, corrections and all', async () => {
  const before = await idsOf();
  await shop.write(
    'contracts/shop/sales.yaml',
    salesContract()
      .replace('version: 1.0.0', 'version: 2.0.0')
      .replace('DECIMAL(18,2)', 'DECIMAL(18,3)')
      .replace(
        'name: sold_on\n',
        'name: sold_on\n        customProperties: [{ property: assay.formats, value: [dd/MM/yyyy] }]\n',
      ),
  );
  expect(await ok('migrate', 'shop.sales', ...WORD)).toMatchObject({
    run: { status: 'promoted', counts: { silver: 6 } },
    outcome: { lost: 0 },
  });
  expect(await idsOf()).toBe(before);
  expect((await runMain(['audit'], shop)).code).toBe(0);
});
