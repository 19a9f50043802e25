import type { ObjectStore } from '../ports.ts';
import { type LakeTable, uuidOf } from './lake-table.ts';
import { currentSnapshot } from './metadata.ts';
import { stageMetadata } from './metadata-file.ts';
import type { NextTableState, TableState } from './pointer.ts';
import { rollbackTo } from './snapshots.ts';

/** Which snapshot is to be current again, and where the new metadata goes. */
export interface TableRollback {
  readonly objects: ObjectStore;
  readonly table: LakeTable;
  /** Where the table stands now. */
  readonly state: TableState;
  readonly snapshotId: number;
  readonly keyPrefix: string;
  readonly nowMs: number;
  /** Names this attempt: the new metadata's name follows from it. */
  readonly attempt: string;
}

/**
 * Stores metadata in which an earlier (or, after a rollback, a later) snapshot is current, and returns where it is; the
 * state as it was where the snapshot is current already. No reader sees it before a pointer names it. Throws
 * ConfigError `NO_SNAPSHOT` where the table hasn't got it any more.
 */
export async function rollBackTable(rollback: TableRollback): Promise<NextTableState> {
  const { objects, table, state, snapshotId, keyPrefix, nowMs, attempt } = rollback;
  if (currentSnapshot(table.metadata)?.['snapshot-id'] === snapshotId) return state;
  const uriOf = (key: string): string => `${table.metadata.location}${key.slice(table.root.length)}`;
  const { metadataKey, object, dropped } = stageMetadata(rollbackTo(table.metadata, snapshotId, { nowMs }), {
    base: table.metadata,
    baseKey: table.metadataKey,
    keyPrefix,
    uuid: uuidOf(attempt),
    uriOf,
    keyOf: table.reader.keyOf,
  });
  await objects.put(object.key, object.body);
  const metadata_location = uriOf(metadataKey);
  return { metadata_key: metadataKey, metadata_location, snapshot_id: snapshotId, dropped };
}
