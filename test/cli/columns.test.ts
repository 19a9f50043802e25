import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { openOldLake } from '../upgrade/old-lake.ts';
import { runMain, runMainJson } from './run-main.ts';
import { ErrorJson } from './shapes.ts';

/**
 * Which columns a query sees: those of the snapshot, in the table's own order. PyIceberg 0.12 gave the lists below for the
 * same lake, as `scan(snapshot_id=…).to_arrow().column_names`; the column `till` came with its last run.
 */

const BEFORE = ['sale_id', 'customer', 'amount', 'sold_on'];
const LINEAGE = [
  'row_hash',
  'source_file_id',
  'source_row_number',
  'attempt_count',
  'ingestion_timestamp',
  'run_id',
];
const SNAPSHOTS = ['2370212050694011', '3436988847178191', '3718031606936524', '468375209201708'];

let lake: Awaited<ReturnType<typeof openOldLake>>;
beforeAll(async () => {
  lake = await openOldLake();
});
afterAll(() => lake.dispose());

async function columnsOf(table: string, ...args: string[]): Promise<string[]> {
  const { code, out } = await runMain(
    ['query', `SELECT * FROM ${table} LIMIT 0`, '--format', 'csv', ...args],
    lake,
  );
  expect(code).toBe(0);
  return out.trim().split(',');
}
const asked = (...args: string[]) => runMainJson(['query', ...args], lake);

test('a column that came later is the last, behind those that Assay adds', async () => {
  const [silver, described] = [
    await columnsOf('silver.shop_sales'),
    (await asked('DESCRIBE silver.shop_sales')).json,
  ];
  expect(silver).toEqual([...BEFORE, ...LINEAGE, 'till']);
  expect((described as { column_name: string }[]).map((one) => one.column_name)).toEqual(silver);
  expect(await columnsOf('silver.shop_sales', '--as-of', SNAPSHOTS[3] ?? '')).toEqual(silver);
});

test.each(SNAPSHOTS.slice(0, 3))('snapshot %s has not got it, and to ask for it is an error', async (id) => {
  expect(await columnsOf('silver.shop_sales', '--as-of', id)).toEqual([...BEFORE, ...LINEAGE]);
  const { code, json } = await asked('SELECT till FROM silver.shop_sales', '--as-of', id);
  expect({ code, error: ErrorJson.parse(json).error }).toMatchObject({
    code: 2,
    error: { code: 'SQL', message: expect.stringContaining('"till" not found') },
  });
});

test('so is it for a time, and for what the contract has, but no run has published', async () => {
  const time = ['--as-of', '2026-11-28T18:08:50Z'];
  expect(await columnsOf('silver.shop_sales', ...time)).toEqual([...BEFORE, ...LINEAGE]);
  expect((await asked('SELECT till FROM silver.shop_sales', ...time)).code).toBe(2);
  const contract = path.join(lake.cwd, 'contracts/shop/sales.yaml');
  const text = await readFile(contract, 'utf8');
  await writeFile(
    contract,
    text.replace(
      '      - name: till',
      `      - name: clerk
        logicalType: string
        classification: public
        description: Who sold it.
      - name: till`,
    ),
  );
  expect(await columnsOf('silver.shop_sales')).toEqual([...BEFORE, ...LINEAGE, 'till']);
  expect((await asked('SELECT clerk FROM silver.shop_sales')).code).toBe(2);
});

test('quarantine, and ops beside it, are seen in one order', async () => {
  const quarantine = await columnsOf('quarantine.shop_sales');
  expect(quarantine.slice(0, 3)).toEqual(['row_hash', 'source_file_id', 'source_file']);
  for (const id of SNAPSHOTS.slice(1))
    expect(await columnsOf('ops.source_files', '--as-of', id)).toEqual(await columnsOf('ops.source_files'));
});
