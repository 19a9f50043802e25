import type { ObjectStore } from '../ports.ts';
import { type LakeTable, uuidOf } from './lake-table.ts';
import { stageMetadata } from './metadata-file.ts';
import type { NextTableState, TableState } from './pointer.ts';
import { withTags } from './snapshots.ts';

/** Which tag a table's current snapshot gets, and where the new metadata goes. */
export interface TableTag {
  readonly objects: ObjectStore;
  readonly table: LakeTable;
  /** Where the table stands now. */
  readonly state: TableState;
  readonly tag: string;
  readonly keyPrefix: string;
  readonly nowMs: number;
  /** Names this attempt: the new metadata's name follows from it. */
  readonly attempt: string;
}

/** Stores metadata with a tag on the current snapshot, and returns where it is. No reader sees it before a pointer names it. */
export async function tagTable(tagging: TableTag): Promise<NextTableState> {
  const { objects, table, state, tag, keyPrefix, nowMs, attempt } = tagging;
  const uriOf = (key: string): string => `${table.metadata.location}${key.slice(table.root.length)}`;
  const tagged = withTags(table.metadata, [tag], { snapshotId: state.snapshot_id, nowMs });
  const { metadataKey, object, dropped } = stageMetadata(tagged, {
    base: table.metadata,
    baseKey: table.metadataKey,
    keyPrefix,
    uuid: uuidOf(attempt),
    uriOf,
    keyOf: table.reader.keyOf,
  });
  await objects.put(object.key, object.body);
  return { ...state, metadata_key: metadataKey, metadata_location: uriOf(metadataKey), dropped };
}
