import { DataError } from '../errors.ts';
import type { ObjectStore } from '../ports.ts';
import { createTable } from './create-table.ts';
import { evolveSchema } from './evolve-schema.ts';
import { uuidOf } from './ids.ts';
import { liveFiles } from './live-files.ts';
import type { TableReader } from './manifest-reader.ts';
import { parseMetadata, type TableMetadata } from './metadata.ts';
import type { TableState } from './pointer.ts';
import type { DataFile, TableColumn } from './schema.ts';

/** A table's current state in the lake, and what its metadata must be read with. */
export interface LakeTable {
  /** Key of its folder. */
  readonly root: string;
  readonly metadata: TableMetadata;
  /** Undefined for a table that was never committed. */
  readonly metadataKey: string | undefined;
  readonly reader: TableReader;
}

/** Key of the folder of a table whose metadata a pointer names; each generation of a table has one of its own. */
export const rootOf = ({ metadata_key }: Pick<TableState, 'metadata_key'>): string =>
  metadata_key.slice(0, metadata_key.lastIndexOf('/metadata/'));

/** Opens the table whose metadata a pointer names. */
export async function openTable(objects: ObjectStore, state: TableState): Promise<LakeTable> {
  const root = rootOf(state);
  const metadata = parseMetadata(await readObject(objects, state.metadata_key));
  return {
    root,
    metadata,
    metadataKey: state.metadata_key,
    reader: readerFor(objects, root, metadata.location),
  };
}

/** A table's shape, for one that may not be there yet. */
export interface WantedTable {
  readonly columns: readonly TableColumn[];
  readonly partitionColumn?: string;
  /** What the table is, for people. */
  readonly comment?: string;
}

/**
 * The table with the columns wanted: the one a pointer names, its schema evolved, or a new one.
 * A new table's uuid follows from its place, so that every stage of a run makes the same.
 */
export async function openOrCreateTable(
  objects: ObjectStore,
  root: string,
  state: TableState | undefined,
  shape: WantedTable,
): Promise<LakeTable> {
  if (state !== undefined) {
    const table = await openTable(objects, state);
    return { ...table, metadata: withComment(evolveSchema(table.metadata, shape.columns), shape.comment) };
  }
  const location = objects.uri(root);
  const metadata = createTable({
    location,
    columns: shape.columns,
    ...(shape.partitionColumn === undefined
      ? {}
      : { partition: { column: shape.partitionColumn, transform: 'month' as const } }),
    uuid: uuidOf(location),
    nowMs: 0,
  });
  const reader = readerFor(objects, root, metadata.location);
  return { root, metadata: withComment(metadata, shape.comment), metadataKey: undefined, reader };
}

/** The table with the property in which Trino, Spark and Iceberg's catalogs keep what a table is. */
function withComment(metadata: TableMetadata, comment: string | undefined): TableMetadata {
  if (comment === undefined || metadata.properties.comment === comment) return metadata;
  return { ...metadata, properties: { ...metadata.properties, comment } };
}

/** The data files of a snapshot; of the current one where none is named. */
export function filesOf(table: LakeTable, snapshotId?: number): Promise<DataFile[]> {
  return liveFiles(table.metadata, snapshotId, table.reader);
}

/** A table whose metadata was given another location, with a reader for that one. */
export function locatedTable(objects: ObjectStore, table: Omit<LakeTable, 'reader'>): LakeTable {
  return { ...table, reader: readerFor(objects, table.root, table.metadata.location) };
}

/** Reads by key what metadata names by URI; the location is cut off, so that a lake that was moved stays readable. */
function readerFor(objects: ObjectStore, root: string, location: string): TableReader {
  return {
    read: (key) => readObject(objects, key),
    keyOf: (uri) => (uri.startsWith(`${location}/`) ? `${root}${uri.slice(location.length)}` : uri),
  };
}

async function readObject(objects: ObjectStore, key: string): Promise<Uint8Array> {
  const stored = await objects.get(key);
  if (stored === undefined) {
    throw new DataError('TABLE_DAMAGED', `${key} is missing, but a committed table names it.`, {
      context: { key },
    });
  }
  return stored.body;
}
