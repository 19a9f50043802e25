import type { ObjectStore } from '../ports.ts';
import { commitFiles } from '../table/commit.ts';
import { snapshotIdOf, uuidOf } from '../table/ids.ts';
import type { LakeTable } from '../table/lake-table.ts';
import { currentSchema, currentSpec, type TableMetadata } from '../table/metadata.ts';
import type { DataFile } from '../table/schema.ts';

/** Files that no commit has made a table of. */
export interface LooseFiles {
  readonly objects: Pick<ObjectStore, 'uri' | 'put'>;
  /** The table that they were written for, whose columns and partitioning they have. */
  readonly table: LakeTable;
  readonly files: readonly DataFile[];
  /** Folder for the metadata, without a trailing slash; of these files alone. */
  readonly folder: string;
}

/**
 * Makes files that no pointer names a table of Iceberg of their own, for engines that read tables only, and returns the
 * key of its metadata. The files stay where they are; the metadata lies in `<folder>/metadata/`. A repeat writes the same.
 */
export async function stageSetTable({ objects, table, files, folder }: LooseFiles): Promise<string> {
  const location = objects.uri(folder);
  const base = emptyLike(table.metadata, location);
  // Engines keep what they once read of a name: other files, or other columns, are under other names.
  const content = JSON.stringify([
    location,
    base.schemas,
    files.map(({ key, sizeBytes }) => [key, sizeBytes]),
  ]);
  const staged = await commitFiles({
    base,
    baseKey: undefined,
    add: files,
    snapshotId: snapshotIdOf(content),
    nowMs: 0,
    summary: {},
    keyPrefix: `${folder}/metadata`,
    uuid: uuidOf(content),
    uriOf: (key) => objects.uri(key),
    read: () => Promise.reject(new RangeError('a new table has no manifest to read')),
    keyOf: (uri) => uri,
  });
  for (const { key, body } of staged.objects) await objects.put(key, body);
  return staged.metadataKey;
}

/** A table without rows whose fields have the ids of another's, so that files of that one have its columns. */
function emptyLike(metadata: TableMetadata, location: string): TableMetadata {
  return {
    ...metadata,
    location,
    'table-uuid': uuidOf(location),
    'last-sequence-number': 0,
    'last-updated-ms': 0,
    schemas: [currentSchema(metadata)],
    'partition-specs': [currentSpec(metadata)],
    'current-snapshot-id': -1,
    refs: {},
    snapshots: [],
    'snapshot-log': [],
    'metadata-log': [],
  };
}
