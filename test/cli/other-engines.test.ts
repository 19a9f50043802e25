import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { asyncBufferFromFile, parquetMetadataAsync } from 'hyparquet';
import { avroMetadata, avroRead } from 'icebird';
import { runMainJson } from './run-main.ts';
import { QuarantineListJson } from './shapes.ts';
import { badSales, goodSales, openShop } from './shop.ts';

/** What other engines ask of the files of a lake, as hyparquet, icebird and the files' names tell it: nothing here reads by our code. */

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
  await publish('three.csv', goodSales(30, 34));
  keys = (await readdir(path.join(shop.cwd, 'lake'), { recursive: true })).sort();
});
afterAll(() => shop.dispose());

const footerOf = async (file: string) => parquetMetadataAsync(await asyncBufferFromFile(file));
const TABLES = ['silver', 'quarantine', 'condemned', 'ops/source_files', 'gold'];

test('Parquet files hold but the encodings of version 1, which every engine reads', async () => {
  const files = keys.filter((key) => key.endsWith('.parquet'));
  for (const table of [...TABLES, 'ops/corrections', 'ops/restatements'])
    expect(files.filter((file) => file.startsWith(`${table}/`)).length).toBeGreaterThan(0);
  const encodings = new Set<string>();
  for (const file of files) {
    const { row_groups } = await footerOf(path.join(shop.cwd, 'lake', file));
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

interface Entry {
  readonly status: number;
  readonly data_file: {
    readonly file_path: string;
    readonly lower_bounds: readonly Bound[];
    readonly upper_bounds: readonly Bound[];
  };
}
interface Bound {
  readonly key: number;
  readonly value: Uint8Array;
}
const boundOf = (bounds: readonly Bound[], id = 0) => bounds.find(({ key }) => key === id)?.value;

async function avroOf(uri: string): Promise<Record<string, unknown>[]> {
  const { buffer, byteOffset, byteLength } = await readFile(fileURLToPath(uri));
  const reader = { view: new DataView(buffer, byteOffset, byteLength), offset: 0 };
  return avroRead({ reader, ...(await avroMetadata(reader)) });
}

/** The live files that a table's newest metadata names, and its fields' ids by name. */
async function filesOf(table: string) {
  const newest = keys.filter((key) => key.startsWith(`${table}/`) && key.endsWith('.metadata.json')).at(-1);
  const metadata = JSON.parse(await readFile(path.join(shop.cwd, 'lake', newest ?? ''), 'utf8'));
  const list = metadata.snapshots.at(-1)['manifest-list'];
  const entries: Entry[] = [];
  for (const manifest of await avroOf(list))
    entries.push(...((await avroOf(String(manifest.manifest_path))) as unknown as Entry[]));
  const ids = new Map<string, number>(
    metadata.schemas.at(-1).fields.map(({ name, id }: { name: string; id: number }) => [name, id]),
  );
  return { ids, files: entries.filter(({ status }) => status !== 2).map((entry) => entry.data_file) };
}

test.each(TABLES)('the manifests of %s bound every column that its Parquet footers bound', async (table) => {
  const { ids, files } = await filesOf(table);
  expect(files.length).toBeGreaterThan(0);
  for (const { file_path, lower_bounds, upper_bounds } of files) {
    const footer = await footerOf(fileURLToPath(file_path));
    const columns = footer.row_groups.flatMap((group) => group.columns.map(({ meta_data }) => meta_data));
    for (const [name, id] of ids) {
      const own = columns.filter((column) => column?.path_in_schema.join() === name);
      const isBounded = own.length > 0 && own.every((column) => column?.statistics?.min_value !== undefined);
      const bounds = [lower_bounds, upper_bounds].map((all) => boundOf(all, id) !== undefined);
      expect({ file_path, name, bounds }).toEqual({ file_path, name, bounds: [isBounded, isBounded] });
    }
  }
});

test('the bounds of run_id are those of the run whose folder the file lies in', async () => {
  const { ids, files } = await filesOf('silver');
  const refined = files.filter(({ file_path }) => !file_path.includes('compact'));
  expect(refined.length).toBeGreaterThan(0);
  for (const { file_path, lower_bounds } of refined) {
    const bound = Buffer.from(boundOf(lower_bounds, ids.get('run_id')) ?? []).toString('utf8');
    expect(/run_id=([^/]+)/.exec(file_path)?.[1]?.startsWith(bound)).toBe(true);
    expect(bound).toHaveLength(16);
  }
});
