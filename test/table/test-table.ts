import { type Commit, commitFiles, type StagedCommit } from '../../etl/table/commit.ts';
import { createTable } from '../../etl/table/create-table.ts';
import type { ManifestFile } from '../../etl/table/manifest.ts';
import { entriesOf, manifestsOf } from '../../etl/table/manifest-reader.ts';
import { currentSnapshot, type TableMetadata } from '../../etl/table/metadata.ts';
import type { DataFile, TableColumn } from '../../etl/table/schema.ts';
import type { MetadataStore } from './memory-lake.ts';

export const T0 = Date.UTC(2024, 0, 1);
export const MINUTE_MS = 60_000;

/** A table whose commits are stored and become its state; ids and times count up from 1 and T0. */
export interface TestTable {
  metadata: TableMetadata;
  key: string | undefined;
  readonly commit: (change: Partial<Commit>) => Promise<StagedCommit>;
  readonly manifests: () => Promise<ManifestFile[]>;
}

export function testTable(store: MetadataStore, created: TableMetadata): TestTable {
  let commits = 0;
  const table: TestTable = {
    metadata: created,
    key: undefined,
    commit: async (change) => {
      commits += 1;
      const staged = await commitFiles({
        base: table.metadata,
        baseKey: table.key,
        add: [],
        snapshotId: commits,
        nowMs: T0 + commits * MINUTE_MS,
        summary: {},
        keyPrefix: 't/metadata',
        uuid: `uuid-${commits}`,
        ...store,
        ...change,
      });
      await store.put(staged.objects);
      table.metadata = staged.metadata;
      table.key = staged.metadataKey;
      return staged;
    },
    manifests: () => manifestsOf(currentSnapshot(table.metadata), store),
  };
  return table;
}

export const PAYMENT_COLUMNS: readonly TableColumn[] = [
  { name: 'id', type: { kind: 'long' }, required: true },
  { name: 'paid_at', type: { kind: 'timestamptz' }, required: true },
  { name: 'supplier', type: { kind: 'string' }, required: false },
];

/** A table partitioned by month, for files that exist only as metadata. */
export function paymentsTable(store: MetadataStore): TestTable {
  const created = createTable({
    location: store.uriOf('t'),
    columns: PAYMENT_COLUMNS,
    partition: { column: 'paid_at', transform: 'month' },
    uuid: 'table-uuid',
    nowMs: T0,
  });
  return testTable(store, created);
}

/** A file of 10 records of that table in January 2024 (month 648) or later. */
export function paymentsFile(name: string, month = 648): DataFile {
  const start = `${1970 + Math.floor(month / 12)}-${String((month % 12) + 1).padStart(2, '0')}`;
  return {
    key: `t/${name}.parquet`,
    recordCount: 10,
    sizeBytes: 1000,
    month,
    columns: {
      id: { valueCount: 10, nullCount: 0, sizeBytes: 80, min: '1', max: '10' },
      paid_at: {
        valueCount: 10,
        nullCount: 0,
        sizeBytes: 80,
        min: `${start}-01 00:00:00+00`,
        max: `${start}-28 23:59:59.999999+00`,
      },
      supplier: { valueCount: 10, nullCount: 2, sizeBytes: 90, min: 'Acme', max: 'Zenith' },
    },
  };
}

export const keysOf = (files: readonly { readonly key: string }[]): string[] => files.map((file) => file.key);

/** The entries of the current snapshot's manifests, in short. */
export async function entriesIn(table: TestTable, store: MetadataStore) {
  const lists = await Promise.all((await table.manifests()).map((manifest) => entriesOf(manifest, store)));
  return lists.map((list) =>
    list.map((entry) => ({
      key: store.keyOf(entry.data_file.file_path),
      status: entry.status,
      snapshot: entry.snapshot_id,
      sequence: entry.sequence_number,
    })),
  );
}
