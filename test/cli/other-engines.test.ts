import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { asyncBufferFromFile, parquetMetadataAsync } from 'hyparquet';
import { runMainJson } from './run-main.ts';
import { QuarantineListJson } from './shapes.ts';
import { badSales, goodSales, openShop } from './shop.ts';

/** What other engines ask of the files of a lake, as hyparquet and the files' names tell it: nothing here reads by our code. */

let shop: Awaited<ReturnType<typeof openShop>>;
let keys: string[];
beforeAll(async () => {
  shop = await openShop();
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
  keys = (await readdir(path.join(shop.cwd, 'lake'), { recursive: true })).sort();
});
afterAll(() => shop.dispose());

const TABLES = ['silver', 'quarantine', 'condemned', 'ops/source_files', 'gold'];

test('Parquet files hold but the encodings of version 1, which every engine reads', async () => {
  const files = keys.filter((key) => key.endsWith('.parquet'));
  for (const table of [...TABLES, 'ops/corrections', 'ops/restatements'])
    expect(files.filter((file) => file.startsWith(`${table}/`)).length).toBeGreaterThan(0);
  const encodings = new Set<string>();
  for (const file of files) {
    const { row_groups } = await parquetMetadataAsync(
      await asyncBufferFromFile(path.join(shop.cwd, 'lake', file)),
    );
    for (const column of row_groups.flatMap(({ columns }) => columns))
      for (const encoding of column.meta_data?.encodings ?? []) encodings.add(encoding);
  }
  const ofVersion1 = ['PLAIN', 'PLAIN_DICTIONARY', 'RLE', 'RLE_DICTIONARY', 'BIT_PACKED'];
  expect([...encodings].filter((encoding) => !ofVersion1.includes(encoding))).toEqual([]);
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
