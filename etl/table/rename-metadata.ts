import type { ObjectStore } from '../ports.ts';
import { uuidOf } from './ids.ts';
import type { LakeTable } from './lake-table.ts';
import { stageMetadata } from './metadata-file.ts';
import type { NextTableState, TableState } from './pointer.ts';

/** Which table gets metadata of a new name. */
export interface MetadataRename {
  readonly objects: ObjectStore;
  readonly table: LakeTable;
  /** Where the table stands now. */
  readonly state: TableState;
  readonly keyPrefix: string;
  readonly nowMs: number;
  /** Names this attempt: the new metadata's name follows from it. */
  readonly attempt: string;
}

/** Stores a table's metadata once more, in a file of today's name; its snapshots stay. No reader sees it before a pointer names it. */
export async function renameMetadata(rename: MetadataRename): Promise<NextTableState> {
  const { objects, table, state, keyPrefix, nowMs, attempt } = rename;
  const { metadata, reader } = table;
  const uriOf = (key: string): string => `${metadata.location}${key.slice(table.root.length)}`;
  const later = { ...metadata, 'last-updated-ms': Math.max(nowMs, metadata['last-updated-ms']) };
  const { metadataKey, object, dropped } = stageMetadata(later, {
    base: metadata,
    baseKey: table.metadataKey,
    keyPrefix,
    uuid: uuidOf(attempt),
    uriOf,
    keyOf: reader.keyOf,
  });
  await objects.put(object.key, object.body);
  return { ...state, metadata_key: metadataKey, metadata_location: uriOf(metadataKey), dropped };
}
