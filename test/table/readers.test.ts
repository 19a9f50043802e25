import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { icebergManifests, icebergRead } from 'icebird';
import { createTable } from '../../etl/table/create-table.ts';
import { evolveSchema } from '../../etl/table/evolve-schema.ts';
import { liveFiles } from '../../etl/table/live-files.ts';
import { parseMetadata, type TableMetadata } from '../../etl/table/metadata.ts';
import { mayContain } from '../../etl/table/prune.ts';
import type { DataFile, TableColumn } from '../../etl/table/schema.ts';
import { rollbackTo } from '../../etl/table/snapshots.ts';
import { type Lake, openLake } from './lake.ts';
import { T0, type TestTable, testTable } from './test-table.ts';

/**
 * The tables that this module writes, as icebird and hyparquet read them: nothing here but the files is ours.
 * icebird takes each file's columns from the schema in its footer.
 */
const COLUMNS: readonly TableColumn[] = [
  { name: 'id', type: { kind: 'int' }, required: true },
  { name: 'paid_at', type: { kind: 'timestamptz' }, required: true },
  { name: 'paid_on', type: { kind: 'date' }, required: false },
  { name: 'amount', type: { kind: 'decimal', precision: 18, scale: 2 }, required: false },
  { name: 'total', type: { kind: 'decimal', precision: 38, scale: 4 }, required: false },
  { name: 'rate', type: { kind: 'double' }, required: false },
  { name: 'open', type: { kind: 'boolean' }, required: false },
  { name: 'supplier', type: { kind: 'string' }, required: false, doc: "the payee's name" },
  { name: 'digest', type: { kind: 'binary' }, required: false },
  { name: 'number', type: { kind: 'long' }, required: false },
  {
    name: 'reasons',
    type: {
      kind: 'list',
      element: {
        kind: 'struct',
        fields: [
          { name: 'rule', type: { kind: 'string' }, required: false },
          { name: 'code', type: { kind: 'int' }, required: false },
        ],
      },
    },
    required: false,
  },
];
const NOTE: TableColumn = { name: 'note', type: { kind: 'string' }, required: false };

/** Records `from` … `to` - 1, ten days apart from 2023-12-05 on; every third has NULL wherever it may. */
function payments(from: number, to: number, extra = ''): string {
  const unless = (value: string) => `CASE WHEN i % 3 = 2 THEN NULL ELSE ${value} END`;
  return `
    SELECT *, (year(paid_at) - 1970) * 12 + month(paid_at) - 1 AS _month FROM (SELECT
      i::INT AS id,
      TIMESTAMPTZ '2023-12-05 00:00:00.000001+00' + INTERVAL (10 * i) DAY AS paid_at,
      ${unless("DATE '2023-12-05' + (10 * i)::INT")} AS paid_on,
      ${unless('(i * 1.25 - 5)::DECIMAL(18,2)')} AS amount,
      ${unless('(i * 1.25 - 5)::DECIMAL(38,4)')} AS total,
      ${unless('i / 8')} AS rate,
      ${unless('i % 2 = 0')} AS open,
      ${unless("'Süßwaren ' || i")} AS supplier,
      ${unless("('\\xFF\\x00'::BLOB || encode(i::VARCHAR))")} AS digest,
      ${unless('9007199254740993 + i')} AS number,
      ${unless("[{rule: 'r' || i, code: i::INT}, {rule: NULL, code: NULL}]")} AS reasons
      ${extra}
    FROM range(${from}, ${to}) r(i))`;
}

let lake: Lake;
let table: TestTable;
let firstFiles: DataFile[];
beforeAll(async () => {
  lake = await openLake();
  await lake.rows("SET timezone = 'UTC'");
  table = testTable(
    lake,
    createTable({
      location: lake.uriOf('t'),
      columns: COLUMNS,
      partition: { column: 'paid_at', transform: 'month' },
      uuid: 'u',
      nowMs: T0,
    }),
  );
  firstFiles = await copy('run-1', payments(0, 12));
  await table.commit({ add: firstFiles });
});
afterAll(() => lake.close());

const copy = (run: string, select: string): Promise<DataFile[]> =>
  lake.copy(select, { metadata: table.metadata, root: `t/${run}`, byMonth: true });

/** Rows as icebird finds them by the metadata file alone, ordered by id. */
async function read(metadata: TableMetadata = table.metadata): Promise<Record<string, unknown>[]> {
  const rows = await icebergRead({ tableUrl: lake.uriOf('t'), metadata: metadata as never });
  return rows.sort((a, b) => Number(a.id) - Number(b.id));
}
const ids = (rows: readonly Record<string, unknown>[]): number[] => rows.map((row) => Number(row.id));
const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

describe('independent readers', () => {
  test('icebird reads every type, NULL and nesting as it was written', async () => {
    const rows = await read();
    expect(ids(rows)).toEqual(range(0, 12));
    expect(rows[1]).toEqual({
      id: 1,
      paid_at: new Date('2023-12-15T00:00:00.000Z'),
      paid_on: new Date('2023-12-15'),
      amount: -3.75,
      total: expect.closeTo(-3.75),
      rate: 0.125,
      open: false,
      supplier: 'Süßwaren 1',
      digest: expect.anything(),
      number: 9007199254740994n,
      reasons: [
        { rule: 'r1', code: 1 },
        { rule: null, code: null },
      ],
    });
    expect(
      Object.entries(rows[2] ?? {})
        .filter(([, value]) => value != null)
        .map(([name]) => name),
    ).toEqual(['id', 'paid_at']);
  });

  test('icebird finds the table by the stored metadata file', async () => {
    const stored = parseMetadata(await lake.read(table.key ?? ''));
    expect(stored).toEqual(table.metadata);
    const rows = await icebergRead({
      tableUrl: lake.uriOf('t'),
      metadataFileName: table.key?.split('/').at(-1) ?? '',
    });
    expect(rows).toHaveLength(12);
  });

  test('each file lies in its month, holds what its entry says, and is found by its bounds', async () => {
    const files = await liveFiles(table.metadata, undefined, lake);
    expect(files.map((file) => file.month)).toEqual([647, 648, 649, 650]);
    for (const file of files) {
      const buffer = await asyncBufferFromFile(join(lake.directory, file.key));
      expect(buffer.byteLength).toBe(file.sizeBytes);
      const rows = await parquetReadObjects({ file: buffer, compressors });
      expect(rows).toHaveLength(file.recordCount);
      for (const row of rows) {
        const id = String(row.id);
        expect(mayContain(file, 'id', { type: { kind: 'int' }, min: id, max: id })).toBe(true);
      }
    }
    const holding = files.filter((file) =>
      mayContain(file, 'id', { type: { kind: 'int' }, min: '4', max: '4' }),
    );
    expect(holding).toHaveLength(1);
  });

  test('icebird sees an append, and the snapshot before it', async () => {
    const before = table.metadata['current-snapshot-id'];
    await table.commit({ add: await copy('run-2', payments(12, 20)) });
    expect(ids(await read())).toEqual(range(0, 20));
    expect(ids(await read(rollbackTo(table.metadata, before, { nowMs: T0 })))).toEqual(range(0, 12));
  });

  test('an overwritten file is gone, and still there in the snapshot before', async () => {
    const before = table.metadata['current-snapshot-id'];
    const january = firstFiles.find((file) => file.month === 648);
    expect(january?.recordCount).toBe(3);
    await table.commit({
      add: await copy('run-3', payments(1003, 1006)),
      remove: new Set([january?.key ?? '']),
    });
    expect(ids(await read())).toEqual([0, 1, 2, ...range(6, 20), 1003, 1004, 1005]);
    expect(ids(await read(rollbackTo(table.metadata, before, { nowMs: T0 })))).toEqual(range(0, 20));
    const entries = (await icebergManifests(table.metadata as never)).flatMap((manifest) => manifest.entries);
    expect(entries.filter((entry) => entry.status === 2).map((entry) => entry.data_file.file_path)).toEqual([
      lake.uriOf(january?.key ?? ''),
    ]);
    expect(entries.every((entry) => entry.sequence_number !== undefined)).toBe(true);
  });

  test('a new column is NULL in old files and a widened one keeps its values', async () => {
    const wider = COLUMNS.map((column) =>
      column.name === 'id' ? { ...column, type: { kind: 'long' } as const } : column,
    );
    table.metadata = evolveSchema(table.metadata, [...wider, NOTE]);
    const written = payments(2000, 2002, ", 'new ' || i AS note").replace('i::INT AS id', 'i::BIGINT AS id');
    await table.commit({ add: await copy('run-4', written) });
    const rows = await read();
    expect(ids(rows)).toEqual([0, 1, 2, ...range(6, 20), 1003, 1004, 1005, 2000, 2001]);
    expect(rows.map((row) => row.note).filter((note) => note != null)).toEqual(['new 2000', 'new 2001']);
    const [file] = (await liveFiles(table.metadata, undefined, lake)).filter((one) =>
      one.key.includes('run-1'),
    );
    expect(file?.columns.id).toMatchObject({ min: '0', max: '2' });
  });

  test('after seventy more commits, with manifests merged, every row is there once', async () => {
    const before = ids(await read());
    for (let commit = 0; commit < 70; commit += 1) {
      const written = payments(3000 + commit, 3001 + commit, ", 'n' AS note");
      await table.commit({ add: await copy(`more-${commit}`, written) });
    }
    expect((await table.manifests()).length).toBeLessThan(64);
    expect(ids(await read())).toEqual([...before, ...range(3000, 3070)]);
    const middle = table.metadata.snapshots.at(-40)?.['snapshot-id'] ?? 0;
    expect(ids(await read(rollbackTo(table.metadata, middle, { nowMs: T0 })))).toEqual([
      ...before,
      ...range(3000, 3031),
    ]);
  });

  test('a rollback is what readers see, and what the next commit builds on', async () => {
    const [first] = table.metadata.snapshots;
    table.metadata = rollbackTo(table.metadata, first?.['snapshot-id'] ?? 0, { nowMs: T0 * 2 });
    expect(ids(await read())).toEqual(range(0, 12));
    await table.commit({ add: await copy('after', payments(5000, 5001, ", 'n' AS note")) });
    expect(ids(await read())).toEqual([...range(0, 12), 5000]);
  });
});
