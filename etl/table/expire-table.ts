import type { ObjectStore } from '../ports.ts';
import { namedByRefs } from './kept-snapshots.ts';
import { type LakeTable, uuidOf } from './lake-table.ts';
import { currentSnapshot } from './metadata.ts';
import { stageMetadata } from './metadata-file.ts';
import type { NextTableState, TableState } from './pointer.ts';
import { expireSnapshots } from './snapshots.ts';

/** Which snapshots are kept, and where the new metadata goes. */
export interface TableExpiry {
  readonly objects: ObjectStore;
  readonly table: LakeTable;
  /** Where the table stands now. */
  readonly state: TableState;
  readonly keep: ReadonlySet<number>;
  readonly keyPrefix: string;
  readonly nowMs: number;
  /** Names this attempt: the new metadata's name follows from it. */
  readonly attempt: string;
}

/** Where the table stands afterwards, and the ids of the snapshots that it no longer has, oldest first. */
export interface ExpiredTable {
  readonly state: NextTableState;
  readonly expired: readonly number[];
}

/**
 * Stores metadata without the snapshots that are neither kept nor current, nor named by a tag or a branch; the state as it was where there are none.
 * No reader sees it before a pointer names it. Files are left where they are.
 */
export async function expireTable(expiry: TableExpiry): Promise<ExpiredTable> {
  const { objects, table, state, keyPrefix, nowMs, attempt } = expiry;
  const { metadata } = table;
  const keep = new Set([...expiry.keep, ...namedByRefs(metadata)]);
  const currentId = currentSnapshot(metadata)?.['snapshot-id'];
  const expired = metadata.snapshots
    .map((snapshot) => snapshot['snapshot-id'])
    .filter((id) => id !== currentId && !keep.has(id));
  if (expired.length === 0) return { state, expired };
  const uriOf = (key: string): string => `${metadata.location}${key.slice(table.root.length)}`;
  const { metadataKey, object, dropped } = stageMetadata(expireSnapshots(metadata, keep, { nowMs }), {
    base: metadata,
    baseKey: table.metadataKey,
    keyPrefix,
    uuid: uuidOf(attempt),
    uriOf,
    keyOf: table.reader.keyOf,
  });
  await objects.put(object.key, object.body);
  return {
    state: { ...state, metadata_key: metadataKey, metadata_location: uriOf(metadataKey), dropped },
    expired,
  };
}
