import { z } from 'zod';
import { DataError } from '../errors.ts';

/** Table metadata as Iceberg v2 writes it in JSON: https://iceberg.apache.org/spec/#table-metadata. */
export interface TableMetadata {
  readonly 'format-version': 2;
  readonly 'table-uuid': string;
  /** Absolute URI of the table's root, without a trailing slash. */
  readonly location: string;
  readonly 'last-sequence-number': number;
  readonly 'last-updated-ms': number;
  readonly 'last-column-id': number;
  readonly 'current-schema-id': number;
  readonly schemas: readonly IcebergSchema[];
  readonly 'default-spec-id': number;
  readonly 'partition-specs': readonly PartitionSpec[];
  readonly 'last-partition-id': number;
  readonly 'default-sort-order-id': number;
  readonly 'sort-orders': readonly SortOrder[];
  readonly properties: Readonly<Record<string, string>>;
  /** -1 while the table has no snapshot, as Iceberg's own library writes it. */
  readonly 'current-snapshot-id': number;
  readonly refs: Readonly<Record<string, SnapshotRef>>;
  readonly snapshots: readonly Snapshot[];
  /** Which snapshot was current from when on, oldest first; a rollback appears here too. */
  readonly 'snapshot-log': readonly SnapshotLogEntry[];
  /** Earlier metadata files, oldest first. */
  readonly 'metadata-log': readonly MetadataLogEntry[];
}

/** One version of the columns. */
export interface IcebergSchema {
  readonly type: 'struct';
  readonly 'schema-id': number;
  readonly fields: readonly IcebergField[];
}

/** A column with its field id, which outlives its name and place. */
export interface IcebergField {
  readonly id: number;
  readonly name: string;
  readonly required: boolean;
  readonly type: IcebergType;
  readonly doc?: string;
}

/** Primitive types are text, e.g. `long` or `decimal(18, 2)`. */
export type IcebergType = string | IcebergList | IcebergStruct;

/** A list type; its element has a field id of its own. */
interface IcebergList {
  readonly type: 'list';
  readonly 'element-id': number;
  readonly element: IcebergType;
  readonly 'element-required': boolean;
}

/** A struct type. */
interface IcebergStruct {
  readonly type: 'struct';
  readonly fields: readonly IcebergField[];
}

/** How files are grouped: by nothing, or by the month of one column. */
export interface PartitionSpec {
  readonly 'spec-id': number;
  readonly fields: readonly PartitionField[];
}

/** One partition value and the column it comes from. */
interface PartitionField {
  readonly 'source-id': number;
  readonly 'field-id': number;
  readonly name: string;
  readonly transform: 'month';
}

/** Always the unsorted order, id 0. */
interface SortOrder {
  readonly 'order-id': number;
  readonly fields: readonly never[];
}

/** One committed state of the table. */
export interface Snapshot {
  readonly 'snapshot-id': number;
  readonly 'parent-snapshot-id'?: number;
  readonly 'sequence-number': number;
  readonly 'timestamp-ms': number;
  /** Absolute URI. */
  readonly 'manifest-list': string;
  readonly summary: Readonly<Record<string, string>>;
  readonly 'schema-id': number;
}

/** A branch, of which only `main` is written, or a tag; one without an age of its own stays for good. */
export interface SnapshotRef {
  readonly type: 'branch' | 'tag';
  readonly 'snapshot-id': number;
}

/** When a snapshot became current. */
interface SnapshotLogEntry {
  readonly 'timestamp-ms': number;
  readonly 'snapshot-id': number;
}

/** An earlier metadata file and when it was written. */
export interface MetadataLogEntry {
  readonly 'timestamp-ms': number;
  readonly 'metadata-file': string;
}

const id = z.int();
const list = z.array(z.unknown());

/** What this module relies on; z.int() also refuses ids beyond 2^53, which JSON.parse would round. */
const metadataShape = z.looseObject({
  'format-version': z.literal(2),
  'table-uuid': z.string(),
  location: z.string(),
  'last-sequence-number': id,
  'last-updated-ms': id,
  'last-column-id': id,
  'current-schema-id': id,
  schemas: list,
  'default-spec-id': id,
  'partition-specs': list,
  properties: z.record(z.string(), z.string()).default({}),
  'current-snapshot-id': id.nullish().transform((value) => value ?? -1),
  refs: z.record(z.string(), z.unknown()).default({}),
  snapshots: z.array(z.looseObject({ 'snapshot-id': id, 'sequence-number': id })).default([]),
  'snapshot-log': list.default([]),
  'metadata-log': list.default([]),
});

/** The metadata that a metadata file holds; throws DataError when it isn't Iceberg v2 metadata. */
export function parseMetadata(body: Uint8Array): TableMetadata {
  try {
    return metadataShape.parse(JSON.parse(new TextDecoder().decode(body))) as unknown as TableMetadata;
  } catch (cause) {
    throw new DataError(
      'METADATA_UNREADABLE',
      'This is not Iceberg v2 table metadata. Check that _LATEST.json names a complete metadata file, and restore that file or roll back to an earlier version.',
      { cause },
    );
  }
}

/** The bytes of a metadata file. */
export function printMetadata(metadata: TableMetadata): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(metadata));
}

/** The schema that new files are written with. */
export function currentSchema(metadata: TableMetadata): IcebergSchema {
  const schema = metadata.schemas.find((one) => one['schema-id'] === metadata['current-schema-id']);
  if (schema === undefined) throw broken('current-schema-id', metadata);
  return schema;
}

/** The partitioning that new files are written with. */
export function currentSpec(metadata: TableMetadata): PartitionSpec {
  const spec = metadata['partition-specs'].find((one) => one['spec-id'] === metadata['default-spec-id']);
  if (spec === undefined) throw broken('default-spec-id', metadata);
  return spec;
}

/** The snapshot that readers see, or undefined in a table without one. */
export function currentSnapshot(metadata: TableMetadata): Snapshot | undefined {
  const current = metadata['current-snapshot-id'];
  if (current === -1) return undefined;
  const snapshot = metadata.snapshots.find((one) => one['snapshot-id'] === current);
  if (snapshot === undefined) throw broken('current-snapshot-id', metadata);
  return snapshot;
}

function broken(member: string, metadata: TableMetadata): DataError {
  return new DataError(
    'METADATA_BROKEN',
    `${member} of the table at ${metadata.location} names something that its metadata doesn't hold. Restore an earlier metadata file from metadata-log.`,
    { context: { location: metadata.location, member } },
  );
}
