import { describe, expect, test } from '@jest/globals';
import { createTable } from '../../etl/table/create-table.ts';
import { liveFiles } from '../../etl/table/live-files.ts';
import { ADDED, DELETED, EXISTING } from '../../etl/table/manifest.ts';
import { memoryLake } from './memory-lake.ts';
import {
  entriesIn,
  keysOf,
  MINUTE_MS,
  PAYMENT_COLUMNS,
  paymentsFile,
  paymentsTable,
  T0,
  type TestTable,
  testTable,
} from './test-table.ts';

describe('an append', () => {
  test('reads one object and stages manifest, list and metadata, in the order to store them', async () => {
    const lake = memoryLake();
    const table = paymentsTable(lake);
    await table.commit({ add: [paymentsFile('a')] });
    lake.reads.length = 0;
    const { objects, metadataKey } = await table.commit({ add: [paymentsFile('b')] });
    expect(lake.reads).toEqual(['t/metadata/snap-1-1-uuid-1.avro']);
    expect(keysOf(objects)).toEqual([
      't/metadata/uuid-2-m0.avro',
      't/metadata/snap-2-1-uuid-2.avro',
      't/metadata/00001-uuid-2.metadata.json',
    ]);
    expect(metadataKey).toBe('t/metadata/00001-uuid-2.metadata.json');
  });

  test('says in its summary what it added and what there is', async () => {
    const lake = memoryLake();
    const table = paymentsTable(lake);
    await table.commit({ add: [paymentsFile('a')] });
    await table.commit({
      add: [paymentsFile('b'), paymentsFile('c', 650)],
      summary: { 'assay.run-id': 'r', operation: 'mine' },
    });
    expect(table.metadata.snapshots[1]).toMatchObject({
      'snapshot-id': 2,
      'parent-snapshot-id': 1,
      'sequence-number': 2,
      'timestamp-ms': T0 + 2 * MINUTE_MS,
      'schema-id': 0,
      summary: {
        operation: 'append',
        'assay.run-id': 'r',
        'added-data-files': '2',
        'added-records': '20',
        'added-files-size': '2000',
        'changed-partition-count': '2',
        'total-records': '30',
        'total-data-files': '3',
        'total-files-size': '3000',
      },
    });
    expect(table.metadata.snapshots[0]).not.toHaveProperty('parent-snapshot-id');
    const [manifest] = await table.manifests();
    expect(manifest).toMatchObject({
      added_files_count: 2,
      added_rows_count: 20,
      sequence_number: 2,
      min_sequence_number: 2,
      partitions: [
        {
          contains_null: false,
          lower_bound: Buffer.of(0x88, 2, 0, 0),
          upper_bound: Buffer.of(0x8a, 2, 0, 0),
        },
      ],
    });
  });

  test('the same commit gives the same bytes', async () => {
    const run = async () => {
      const lake = memoryLake();
      const table = paymentsTable(lake);
      return (await table.commit({ add: [paymentsFile('a')] })).objects;
    };
    expect(await run()).toEqual(await run());
  });

  test('of nothing is a snapshot of its own', async () => {
    const lake = memoryLake();
    const table = paymentsTable(lake);
    await table.commit({});
    expect(await liveFiles(table.metadata, undefined, lake)).toEqual([]);
    expect(table.metadata.snapshots[0]?.summary).toMatchObject({ operation: 'append', 'total-records': '0' });
  });

  test('time never runs backwards in the log', async () => {
    const lake = memoryLake();
    const table = paymentsTable(lake);
    await table.commit({ nowMs: T0 + 5 * MINUTE_MS });
    await table.commit({ nowMs: T0 });
    expect(table.metadata['snapshot-log'].map((entry) => entry['timestamp-ms'] - T0)).toEqual([
      5 * MINUTE_MS,
      5 * MINUTE_MS,
    ]);
  });
});

describe('a removal', () => {
  test('marks files as deleted once, keeps the numbers of the others and leaves other manifests alone', async () => {
    const lake = memoryLake();
    const table = paymentsTable(lake);
    await table.commit({ add: [paymentsFile('a'), paymentsFile('b')] });
    await table.commit({ add: [paymentsFile('c')] });
    await table.commit({ add: [paymentsFile('d')], remove: new Set(['t/a.parquet']) });
    expect(await entriesIn(table, lake)).toEqual([
      [{ key: 't/d.parquet', status: ADDED, snapshot: 3, sequence: 3 }],
      [
        { key: 't/a.parquet', status: DELETED, snapshot: 3, sequence: 1 },
        { key: 't/b.parquet', status: EXISTING, snapshot: 1, sequence: 1 },
      ],
      [{ key: 't/c.parquet', status: ADDED, snapshot: 2, sequence: 2 }],
    ]);
    const [, rewritten, untouched] = await table.manifests();
    expect(rewritten).toMatchObject({
      added_snapshot_id: 3,
      sequence_number: 3,
      min_sequence_number: 1,
      added_files_count: 0,
      existing_files_count: 1,
      existing_rows_count: 10,
      deleted_files_count: 1,
      deleted_rows_count: 10,
    });
    expect(untouched?.manifest_path).toBe(lake.uriOf('t/metadata/uuid-2-m0.avro'));
    expect(table.metadata.snapshots[2]?.summary).toMatchObject({
      operation: 'overwrite',
      'deleted-data-files': '1',
      'deleted-records': '10',
      'removed-files-size': '1000',
      'total-records': '30',
      'total-files-size': '3000',
    });

    await table.commit({ remove: new Set(['t/b.parquet']) });
    expect(table.metadata.snapshots[3]?.summary.operation).toBe('delete');
    const [onlyDeleted] = await table.manifests();
    expect(onlyDeleted).toMatchObject({
      existing_files_count: 0,
      deleted_files_count: 1,
      min_sequence_number: 4,
    });
    await table.commit({ add: [paymentsFile('e')] });
    const keys = (await entriesIn(table, lake)).flat().map((entry) => entry.key);
    expect(keys).toEqual(['t/e.parquet', 't/d.parquet', 't/c.parquet']);
  });

  test('of a file that is not live is a conflict', async () => {
    const table = paymentsTable(memoryLake());
    await table.commit({ add: [paymentsFile('a')] });
    await table.commit({ remove: new Set(['t/a.parquet']) });
    await expect(table.commit({ remove: new Set(['t/a.parquet']) })).rejects.toMatchObject({
      name: 'ConflictError',
      code: 'FILE_NOT_LIVE',
    });
  });

  test('a compaction replaces files, but never records', async () => {
    const table = paymentsTable(memoryLake());
    await table.commit({ add: [paymentsFile('a'), paymentsFile('b')] });
    const remove = new Set(['t/a.parquet', 't/b.parquet']);
    const add = [paymentsFile('ab')];
    await expect(table.commit({ add, remove, operation: 'replace' })).rejects.toThrow(
      'a replacement holds 10 records, what it replaces 20',
    );
    await table.commit({ add: [{ ...paymentsFile('ab'), recordCount: 20 }], remove, operation: 'replace' });
    expect(table.metadata.snapshots.at(-1)?.summary).toMatchObject({
      operation: 'replace',
      'total-records': '20',
    });
  });
});

describe('a commit is refused', () => {
  const refused = (name: string, change: Parameters<TestTable['commit']>[0], message: string) =>
    test(name, async () => {
      const table = paymentsTable(memoryLake());
      await table.commit({ add: [paymentsFile('a')] });
      await expect(table.commit(change)).rejects.toThrow(message);
    });
  const file = paymentsFile('x');
  const { month: _, ...withoutMonth } = file;
  const nulls = { valueCount: 10, nullCount: 1, sizeBytes: 1 };

  refused('with a snapshot id that JSON cannot carry', { snapshotId: 2 ** 53 }, 'not a positive integer');
  refused('with the id of an earlier snapshot', { snapshotId: 1 }, 'is in the table');
  refused('when it adds a file twice', { add: [file, file] }, 'added twice');
  refused(
    'when it adds and removes a file',
    { add: [file], remove: new Set([file.key]) },
    'added and removed',
  );
  refused('with a file under another month', { add: [{ ...file, month: 649 }] }, 'its month is 649');
  refused('with a file without a month', { add: [withoutMonth] }, 'it has no month');
  refused(
    'with NULLs in a required column',
    { add: [{ ...file, columns: { ...file.columns, id: nulls } }] },
    "'id' is required but holds 1 NULLs",
  );
  refused(
    'with statistics of an unknown column',
    { add: [{ ...file, columns: { ...file.columns, other: nulls } }] },
    "statistics of 'other'",
  );

  test('with a month in a table that has none', async () => {
    const lake = memoryLake();
    const created = createTable({ location: 's3://lake/t', columns: PAYMENT_COLUMNS, uuid: 'u', nowMs: T0 });
    const table = testTable(lake, created);
    await expect(table.commit({ add: [file] })).rejects.toThrow('the table is not partitioned');
    await table.commit({ add: [withoutMonth] });
    expect(await liveFiles(table.metadata, undefined, lake)).toEqual([withoutMonth]);
    expect((await table.manifests())[0]?.partitions).toEqual([]);
  });

  test('without a month only if no row has one', async () => {
    const lake = memoryLake();
    const columns = PAYMENT_COLUMNS.map((column) => ({ ...column, required: false }));
    const partition = { column: 'paid_at', transform: 'month' } as const;
    const created = createTable({ location: 's3://lake/t', columns, partition, uuid: 'u', nowMs: T0 });
    const table = testTable(lake, created);
    const undated = {
      ...withoutMonth,
      columns: { paid_at: { valueCount: 10, nullCount: 10, sizeBytes: 1 } },
    };
    await table.commit({ add: [undated] });
    expect(await liveFiles(table.metadata, undefined, lake)).toEqual([undated]);
    expect((await table.manifests())[0]?.partitions).toMatchObject([
      { contains_null: true, lower_bound: null },
    ]);
  });

  test('when a manifest is damaged', async () => {
    const lake = memoryLake();
    const table = paymentsTable(lake);
    await table.commit({ add: [paymentsFile('a')] });
    lake.objects.set('t/metadata/uuid-1-m0.avro', Buffer.from('damaged'));
    await expect(table.commit({ remove: new Set(['t/a.parquet']) })).rejects.toMatchObject({
      name: 'DataError',
      code: 'MANIFEST_UNREADABLE',
    });
  });
});
