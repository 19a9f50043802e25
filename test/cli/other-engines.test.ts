import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { encodingsOf, footerOf, openOutside } from '../support/outside-table.ts';
import { runMainJson } from './run-main.ts';
import { QuarantineListJson } from './shapes.ts';
import { badSales, goodSales, openShop } from './shop.ts';

/** What other engines ask of the files of a lake, as hyparquet, icebird and the files' names tell it. */

let shop: Awaited<ReturnType<typeof openShop>>;
let lake: string;
let keys: string[];
beforeAll(async () => {
  shop = await openShop();
  lake = path.join(shop.cwd, 'lake');
  const ok = async (...args: string[]) => {
    const { code, json } = await runMainJson(args, shop);
    expect({ args, code, json }).toMatchObject({ args, code: 0 });
    return json;
  };
  const publish = async (name: string, text: string) => {
    await shop.write(name, text);
    await ok('ingest', name, '--dataset', 'shop.sales');
    await ok('run');
  };
  const linesOf = (text: string) => text.split('\n').slice(1).join('\n');
  await publish('one.csv', goodSales(1, 9));
  await publish('two.csv', badSales(10, 14, linesOf(goodSales(20, 24))));
  const on = ['--dataset', 'shop.sales', '--by', 'ann', '--reason', 'asked by finance'];
  const [open] = QuarantineListJson.parse(await ok('quarantine', 'list'));
  const [first = '', second = ''] = open?.records.map(({ record }) => record) ?? [];
  await ok('quarantine', 'condemn', first, ...on);
  await ok('quarantine', 'correct', second, 'amount=2.00', ...on);
  await ok('compact', 'shop.sales', '--by', 'ann');
  await publish('three.csv', goodSales(30, 34));
  keys = (await readdir(lake, { recursive: true })).sort();
});
afterAll(() => shop.dispose());

const SALES = ['silver', 'quarantine', 'condemned', 'ops/source_files'].map((layer) => `${layer}/shop/sales`);
const TABLES = [...SALES, 'gold/shop/monthly_sales'];
const open = (table: string) =>
  openOutside(
    lake,
    SALES.includes(table) ? 'silver/shop/sales/_LATEST.json' : `${table}/_LATEST.json`,
    table,
  );

test('Parquet files hold but the encodings of version 1, which every engine reads', async () => {
  const files = keys.filter((key) => key.endsWith('.parquet'));
  for (const folder of [...TABLES, 'ops/corrections', 'ops/restatements'])
    expect(files.filter((file) => file.startsWith(`${folder}/`)).length).toBeGreaterThan(0);
  const encodings = await encodingsOf(files.map((file) => path.join(lake, file)));
  const ofVersion1 = ['PLAIN', 'PLAIN_DICTIONARY', 'RLE', 'RLE_DICTIONARY', 'BIT_PACKED'];
  expect(encodings.filter((encoding) => !ofVersion1.includes(encoding))).toEqual([]);
  expect(encodings).toContain('PLAIN');
});

test('metadata files are named as Iceberg names them, which Trino insists on', () => {
  const files = keys.filter((key) => key.endsWith('.metadata.json'));
  for (const table of TABLES) {
    const own = files.filter((file) => file.startsWith(`${table}/`));
    expect(own.length).toBeGreaterThan(0);
    for (const file of own) expect(path.basename(file)).toMatch(/^\d{5}-[0-9a-f-]{36}\.metadata\.json$/);
  }
});

/** Columns that hold values of people, or records as they came: their bounds would be such values. */
const HIDDEN = ['customer', 'record', 'raw_text'];

test.each(TABLES)(
  'the manifests of %s bound every column that its footers bound and everybody may see',
  async (table) => {
    const { ids, files } = await open(table);
    expect(files.length).toBeGreaterThan(0);
    for (const file of files) {
      const { row_groups } = await footerOf(file.path);
      const columns = row_groups.flatMap((group) => group.columns.map(({ meta_data }) => meta_data));
      for (const [name, id] of ids) {
        const own = columns.filter((column) => column?.path_in_schema.join() === name);
        const isBounded =
          own.length > 0 && own.every((column) => column?.statistics?.min_value !== undefined);
        const bounds = [file.lower, file.upper].map((all) => all.has(id));
        expect({ file: file.path, name, bounds }).toEqual({
          file: file.path,
          name,
          bounds: Array(2).fill(isBounded && !HIDDEN.includes(name)),
        });
      }
    }
  },
);

test('the bounds of run_id are those of the run whose folder the file lies in', async () => {
  const { ids, files } = await open('silver/shop/sales');
  const refined = files.filter((file) => !file.path.includes('compact'));
  expect(refined.length).toBeGreaterThan(0);
  for (const file of refined) {
    const bound = Buffer.from(file.lower.get(ids.get('run_id') ?? 0) ?? []).toString('utf8');
    expect(/run_id=([^/]+)/.exec(file.path)?.[1]?.startsWith(bound)).toBe(true);
    expect(bound).toHaveLength(16);
  }
});

test('tables and their columns say what they are, for engines to show', async () => {
  expect((await open('silver/shop/sales')).comment).toBe('Sales of a small shop.');
  expect((await open('gold/shop/monthly_sales')).comment).toBe('What was sold in each month.');
  for (const table of TABLES) {
    const { docs } = await open(table);
    expect([...docs].filter(([, doc]) => doc === undefined)).toEqual([]);
  }
  expect((await open('silver/shop/sales')).docs.get('customer')).toBe('Who bought. [personal]');
});
