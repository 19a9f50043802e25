import type { ObjectStore } from '../ports.ts';
import { commitFiles } from './commit.ts';
import { snapshotIdOf, uuidOf } from './ids.ts';
import type { LakeTable } from './lake-table.ts';
import type { StagedObject } from './manifest.ts';
import type { NextTableState } from './pointer.ts';
import type { DataFile } from './schema.ts';

/** One table's part of a commit. */
export interface TableCommit {
  readonly objects: ObjectStore;
  readonly table: LakeTable;
  readonly keyPrefix: string;
  readonly add: readonly DataFile[];
  readonly remove: ReadonlySet<string>;
  /** Says that the same records lie in other files now. */
  readonly operation?: 'replace';
  /** Names that the new snapshot gets for good. */
  readonly tags?: readonly string[];
  readonly nowMs: number;
  /** Names this attempt at this change: the new snapshot's id and file names follow from it. */
  readonly attempt: string;
  readonly summary: Readonly<Record<string, string>>;
}

/** A table's next metadata, not stored yet, and where the table is once it is. */
export interface StagedTable {
  readonly state: NextTableState;
  readonly objects: readonly StagedObject[];
}

/** Stores a table's next metadata and returns where it is. No reader sees it before a pointer names it. */
export async function commitTable(commit: TableCommit): Promise<NextTableState> {
  const { state, objects } = await stageTable(commit);
  await storeStaged(commit.objects, objects);
  return state;
}

/** Makes a table's next metadata, and stores nothing. */
export async function stageTable(commit: Omit<TableCommit, 'objects'>): Promise<StagedTable> {
  const { table, keyPrefix, add, remove, operation, tags = [], nowMs, attempt, summary } = commit;
  const snapshotId = snapshotIdOf(attempt);
  // By the table's own location: a lake that was moved goes on naming its files in one way.
  const uriOf = (key: string): string => `${table.metadata.location}${key.slice(table.root.length)}`;
  const staged = await commitFiles({
    ...table.reader,
    base: table.metadata,
    baseKey: table.metadataKey,
    add,
    ...(remove.size === 0 ? {} : { remove }),
    ...(operation === undefined ? {} : { operation }),
    tags,
    snapshotId,
    nowMs,
    summary,
    keyPrefix,
    uuid: uuidOf(attempt),
    uriOf,
  });
  const state = {
    metadata_key: staged.metadataKey,
    metadata_location: uriOf(staged.metadataKey),
    snapshot_id: snapshotId,
    dropped: staged.dropped,
  };
  return { state, objects: staged.objects };
}

/** Stores what was staged, one after another, so that a store's changes come in the same order each time. */
export async function storeStaged(objects: ObjectStore, staged: readonly StagedObject[]): Promise<void> {
  for (const { key, body } of staged) await objects.put(key, body);
}
