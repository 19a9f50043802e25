import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { icebergRead } from 'icebird';
import { stageSetTable } from '../../etl/sets/stage-set-table.ts';
import { createTable } from '../../etl/table/create-table.ts';
import { evolveSchema } from '../../etl/table/evolve-schema.ts';
import type { LakeTable } from '../../etl/table/lake-table.ts';
import type { DataFile, TableColumn } from '../../etl/table/schema.ts';
import { type Lake, openLake } from '../table/lake.ts';

/** Files that no pointer names, as icebird reads the table that is made of them. */

const FIRST: TableColumn[] = [
  { name: 'id', type: { kind: 'long' }, required: false },
  { name: 'paid_on', type: { kind: 'date' }, required: false },
];
// `note` comes first and has the last field id.
const LATER: TableColumn[] = [{ name: 'note', type: { kind: 'string' }, required: false }, ...FIRST];

let lake: Lake;
let table: LakeTable;
let files: DataFile[];

beforeAll(async () => {
  lake = await openLake();
  const created = createTable({
    location: lake.uriOf('silver'),
    columns: FIRST,
    partition: { column: 'paid_on', transform: 'month' },
    uuid: 'silver',
    nowMs: 0,
  });
  const metadata = evolveSchema(created, LATER);
  table = { root: 'silver', metadata, metadataKey: undefined, reader: lake };
  files = await lake.copy(
    "SELECT 'n' || i AS note, i::BIGINT AS id, DATE '2024-01-15' + (i % 2)::INTEGER * 31 AS paid_on, 648 + i % 2 AS _month FROM range(6) AS t(i)",
    { metadata, root: 'silver/run=1', byMonth: true },
  );
});

afterAll(() => lake?.close());

const stage = (some: readonly DataFile[]): Promise<string> => {
  const objects = {
    uri: lake.uriOf,
    put: async (key: string, body: Uint8Array) => {
      await lake.put([{ key, body }]);
      return '';
    },
  };
  return stageSetTable({ objects, table, files: some, folder: 'ops/run/fresh' });
};

const read = async (key: string): Promise<unknown[]> =>
  (
    await icebergRead({
      tableUrl: lake.uriOf('ops/run/fresh'),
      metadataFileName: key.split('/').at(-1) ?? '',
    })
  ).map(({ id, note, paid_on }) => [Number(id), note, paid_on instanceof Date && paid_on.getUTCMonth()]);

test('files become a table whose columns have the ids of the table that they were written for', async () => {
  expect(files.map(({ month }) => month).sort()).toEqual([648, 649]);
  const rows = await read(await stage(files));
  expect(rows.sort()).toEqual([0, 1, 2, 3, 4, 5].map((i) => [i, `n${i}`, i % 2]));
});

test('a repeat writes the same, and other files are a table of another name', async () => {
  const all = await stage(files);
  expect(await stage(files)).toBe(all);
  const one = await stage(files.slice(0, 1));
  expect(one).not.toBe(all);
  expect(one).toMatch(/^ops\/run\/fresh\/metadata\/00000-[-0-9a-f]+\.metadata\.json$/);
  expect(await read(one)).toHaveLength(3);
  expect(await read(all)).toHaveLength(6);
});
