import { DataError } from '../errors.ts';
import { decodeAvro, encodeAvro } from './avro.ts';
import type { ManifestDataFile, TableShape } from './data-file.ts';
import { manifestSchema } from './manifest-schema.ts';

/** What a manifest says of a file: it was there before, this snapshot added it, or this snapshot removed it. */
export const EXISTING = 0;
export const ADDED = 1;
export const DELETED = 2;

/** One line of a manifest. */
export interface ManifestEntry {
  readonly status: number;
  /** Snapshot that added the file, or removed it where the status is DELETED. */
  readonly snapshot_id: number | null;
  /** null: inherited from the manifest list, which only an ADDED entry may do. */
  readonly sequence_number: number | null;
  readonly file_sequence_number: number | null;
  readonly data_file: ManifestDataFile;
}

/** An entry whose snapshot and sequence numbers are known. */
export interface ResolvedEntry extends ManifestEntry {
  readonly snapshot_id: number;
  readonly sequence_number: number;
  readonly file_sequence_number: number;
}

/** A partition field's values over all entries of a manifest. */
interface FieldSummary {
  readonly contains_null: boolean;
  readonly contains_nan: boolean | null;
  readonly lower_bound: Buffer | null;
  readonly upper_bound: Buffer | null;
}

/** One line of a manifest list. */
export interface ManifestFile {
  readonly manifest_path: string;
  readonly manifest_length: number;
  readonly partition_spec_id: number;
  readonly content: number;
  readonly sequence_number: number;
  readonly min_sequence_number: number;
  readonly added_snapshot_id: number;
  readonly added_files_count: number;
  readonly existing_files_count: number;
  readonly deleted_files_count: number;
  readonly added_rows_count: number;
  readonly existing_rows_count: number;
  readonly deleted_rows_count: number;
  readonly partitions: readonly FieldSummary[] | null;
  readonly key_metadata: Buffer | null;
}

/** An object to be stored. */
export interface StagedObject {
  readonly key: string;
  readonly body: Uint8Array;
}

/** A manifest ready to be stored, and its line in the manifest list. */
export interface StagedManifest {
  readonly object: StagedObject;
  readonly file: ManifestFile;
}

/** Where a manifest is written and by which snapshot. */
export interface ManifestTarget extends TableShape {
  readonly key: string;
  readonly uri: string;
  readonly snapshotId: number;
  readonly sequenceNumber: number;
}

/** A manifest with these entries, in this order. */
export async function stageManifest(
  entries: readonly ManifestEntry[],
  target: ManifestTarget,
): Promise<StagedManifest> {
  const { schema, spec, key, uri, snapshotId, sequenceNumber } = target;
  const body = encodeAvro({
    schema: manifestSchema(spec),
    records: entries,
    metadata: {
      schema: JSON.stringify(schema),
      'schema-id': String(schema['schema-id']),
      'partition-spec': JSON.stringify(spec.fields),
      'partition-spec-id': String(spec['spec-id']),
      'format-version': '2',
      content: 'data',
    },
    seed: key,
  });
  const file = {
    manifest_path: uri,
    manifest_length: body.length,
    partition_spec_id: spec['spec-id'],
    content: 0,
    sequence_number: sequenceNumber,
    min_sequence_number: minSequenceNumber(entries, sequenceNumber),
    added_snapshot_id: snapshotId,
    ...countEntries(entries),
    partitions: spec.fields.length === 0 ? [] : [summarize(entries)],
    key_metadata: null,
  };
  return { object: { key, body }, file };
}

function minSequenceNumber(entries: readonly ManifestEntry[], inherited: number): number {
  return entries
    .filter(isLive)
    .reduce((min, entry) => Math.min(min, entry.sequence_number ?? inherited), inherited);
}

function countEntries(entries: readonly ManifestEntry[]) {
  const files = [0, 0, 0];
  const rows = [0, 0, 0];
  for (const { status, data_file } of entries) {
    files[status] = (files[status] ?? 0) + 1;
    rows[status] = (rows[status] ?? 0) + data_file.record_count;
  }
  return {
    added_files_count: files[ADDED] ?? 0,
    existing_files_count: files[EXISTING] ?? 0,
    deleted_files_count: files[DELETED] ?? 0,
    added_rows_count: rows[ADDED] ?? 0,
    existing_rows_count: rows[EXISTING] ?? 0,
    deleted_rows_count: rows[DELETED] ?? 0,
  };
}

/** The months of all entries, removed ones included, as Iceberg's own library counts them. */
function summarize(entries: readonly ManifestEntry[]): FieldSummary {
  let [min, max, containsNull] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, false];
  for (const { data_file } of entries) {
    const month = Object.values(data_file.partition)[0] ?? null;
    if (month === null) containsNull = true;
    else [min, max] = [Math.min(min, month), Math.max(max, month)];
  }
  return {
    contains_null: containsNull,
    contains_nan: false,
    lower_bound: min > max ? null : int32(min),
    upper_bound: min > max ? null : int32(max),
  };
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes;
}

/** Whether the file is part of the table. */
export function isLive(entry: ManifestEntry): boolean {
  return entry.status !== DELETED;
}

/** A manifest's entries with what they inherit from its line in the list filled in; DataError when it can't be read. */
export async function readManifest(file: ManifestFile, body: Uint8Array): Promise<ResolvedEntry[]> {
  const entries = (await decode(body, file.manifest_path)) as ManifestEntry[];
  return entries.map((entry) => ({
    ...entry,
    snapshot_id: entry.snapshot_id ?? file.added_snapshot_id,
    sequence_number: entry.sequence_number ?? file.sequence_number,
    file_sequence_number: entry.file_sequence_number ?? file.sequence_number,
  }));
}

/** A manifest list's lines; DataError when it can't be read. */
export async function readManifestList(body: Uint8Array, uri: string): Promise<ManifestFile[]> {
  return (await decode(body, uri)) as ManifestFile[];
}

async function decode(body: Uint8Array, uri: string): Promise<unknown[]> {
  try {
    return decodeAvro(body);
  } catch (cause) {
    throw new DataError(
      'MANIFEST_UNREADABLE',
      `${uri} is not a whole Avro file. Restore it from the bucket's versions, or roll the table back to a snapshot that doesn't use it.`,
      { cause, context: { uri } },
    );
  }
}
