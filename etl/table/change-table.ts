import type { ObjectStore } from '../ports.ts';
import { uuidOf } from './ids.ts';
import type { LakeTable } from './lake-table.ts';
import type { TableMetadata } from './metadata.ts';
import { stageMetadata } from './metadata-file.ts';
import type { NextTableState, TableState } from './pointer.ts';

/** A change of a table's metadata that adds no data: which table, and where the new metadata goes. */
export interface TableChange {
  readonly objects: ObjectStore;
  readonly table: LakeTable;
  /** Where the table stands now. */
  readonly state: TableState;
  readonly keyPrefix: string;
  readonly nowMs: number;
  /** Names this attempt: the new metadata's name follows from it. */
  readonly attempt: string;
}

/** Stores changed metadata, and returns where it is. No reader sees it before a pointer names it. */
export async function putChanged(
  { objects, table, keyPrefix, attempt }: TableChange,
  changed: TableMetadata,
): Promise<Pick<NextTableState, 'metadata_key' | 'metadata_location' | 'dropped'>> {
  const uriOf = (key: string): string => `${table.metadata.location}${key.slice(table.root.length)}`;
  const { metadataKey, object, dropped } = stageMetadata(changed, {
    base: table.metadata,
    baseKey: table.metadataKey,
    keyPrefix,
    uuid: uuidOf(attempt),
    uriOf,
    keyOf: table.reader.keyOf,
  });
  await objects.put(object.key, object.body);
  return { metadata_key: metadataKey, metadata_location: uriOf(metadataKey), dropped };
}
