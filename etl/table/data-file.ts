import { DataError } from '../errors.ts';
import { decodeBound, encodeBound } from './bounds.ts';
import { primitiveOf } from './fields.ts';
import { avroName } from './manifest-schema.ts';
import type { IcebergSchema, PartitionSpec } from './metadata.ts';
import type { ColumnStats, ColumnType, DataFile } from './schema.ts';
import { monthOf } from './value.ts';

/** One entry of an integer-keyed map in a manifest. */
interface KeyValue<V> {
  readonly key: number;
  readonly value: V;
}

/** A data file as a manifest holds it, under the names of the Avro schema. */
export interface ManifestDataFile {
  readonly content: number;
  readonly file_path: string;
  readonly file_format: string;
  readonly partition: Readonly<Record<string, number | null>>;
  readonly record_count: number;
  readonly file_size_in_bytes: number;
  readonly column_sizes: readonly KeyValue<number>[] | null;
  readonly value_counts: readonly KeyValue<number>[] | null;
  readonly null_value_counts: readonly KeyValue<number>[] | null;
  readonly nan_value_counts: readonly KeyValue<number>[] | null;
  readonly lower_bounds: readonly KeyValue<Buffer>[] | null;
  readonly upper_bounds: readonly KeyValue<Buffer>[] | null;
  readonly key_metadata: Buffer | null;
  readonly split_offsets: readonly number[] | null;
  readonly equality_ids: readonly number[] | null;
  readonly sort_order_id: number | null;
}

/** The table's shape that a data file is written or read with. */
export interface TableShape {
  readonly schema: IcebergSchema;
  readonly spec: PartitionSpec;
}

/**
 * The file as a manifest holds it; throws DataError when its statistics contradict the table: an unknown
 * column, a NULL in a required one, or a month that isn't that of its rows.
 */
export function toManifestFile(
  file: DataFile,
  { schema, spec, uri }: TableShape & { readonly uri: string },
): ManifestDataFile {
  const columns = columnsOf(file, schema);
  return {
    content: 0,
    file_path: uri,
    file_format: 'PARQUET',
    partition: partitionOf(file, { schema, spec }),
    record_count: file.recordCount,
    file_size_in_bytes: file.sizeBytes,
    column_sizes: columns.map(({ id, stats }) => ({ key: id, value: stats.sizeBytes })),
    value_counts: columns.map(({ id, stats }) => ({ key: id, value: stats.valueCount })),
    null_value_counts: columns.map(({ id, stats }) => ({ key: id, value: stats.nullCount })),
    nan_value_counts: null,
    lower_bounds: columns.flatMap(({ id, type, stats }) => bound(id, type, { lower: stats.min })),
    upper_bounds: columns.flatMap(({ id, type, stats }) => bound(id, type, { upper: stats.max })),
    key_metadata: null,
    split_offsets: null,
    equality_ids: null,
    sort_order_id: 0,
  };
}

interface StatsById {
  readonly id: number;
  readonly type: ColumnType;
  readonly stats: ColumnStats;
}

function columnsOf(file: DataFile, schema: IcebergSchema): StatsById[] {
  const fields = new Map(schema.fields.map((field) => [field.name, field]));
  return Object.entries(file.columns).map(([name, stats]) => {
    const field = fields.get(name);
    const type = field && primitiveOf(field.type);
    if (field === undefined || type === undefined) {
      throw refused(file, `it has statistics of '${name}', which is no primitive column of the table`);
    }
    if (field.required && stats.nullCount > 0) {
      throw refused(file, `its column '${name}' is required but holds ${stats.nullCount} NULLs`);
    }
    return { id: field.id, type, stats };
  });
}

function bound(
  key: number,
  type: ColumnType,
  text: { readonly lower: string | undefined } | { readonly upper: string | undefined },
): KeyValue<Buffer>[] {
  const [side, printed] =
    'lower' in text ? (['lower', text.lower] as const) : (['upper', text.upper] as const);
  const value = printed === undefined ? undefined : encodeBound(printed, type, side);
  return value === undefined ? [] : [{ key, value: Buffer.from(value) }];
}

/** The partition record; a file under the wrong month would silently vanish from filtered reads. */
function partitionOf(file: DataFile, { schema, spec }: TableShape): Record<string, number | null> {
  const [partition] = spec.fields;
  if (partition === undefined) {
    if (file.month !== undefined) throw refused(file, 'it has a month, but the table is not partitioned');
    return {};
  }
  const source = schema.fields.find((field) => field.id === partition['source-id']);
  const stats = source && file.columns[source.name];
  const type = source && primitiveOf(source.type);
  if (file.month === undefined && (stats === undefined || stats.nullCount < stats.valueCount)) {
    throw refused(file, `it has no month, but '${source?.name}' holds values`);
  }
  for (const text of [stats?.min, stats?.max]) {
    const month = text === undefined || type === undefined ? undefined : monthOf(text, type);
    if (month !== undefined && month !== file.month) {
      throw refused(file, `its month is ${file.month}, but '${source?.name}' holds ${text} (month ${month})`);
    }
  }
  return { [avroName(partition.name)]: file.month ?? null };
}

function refused(file: DataFile, why: string): DataError {
  return new DataError(
    'FILE_REFUSED',
    `Data file ${file.key} can't be committed: ${why}. Write the file again from a clean run.`,
    { context: { key: file.key } },
  );
}

/** The file as callers know it, with the bounds as text; columns that the schema no longer has are left out. */
export function fromManifestFile(
  file: ManifestDataFile,
  { schema, key }: { readonly schema: IcebergSchema; readonly key: string },
): DataFile {
  const month = Object.values(file.partition)[0];
  const counts = byId(file.value_counts);
  const nulls = byId(file.null_value_counts);
  const sizes = byId(file.column_sizes);
  const lower = byId(file.lower_bounds);
  const upper = byId(file.upper_bounds);
  const columns: Record<string, ColumnStats> = {};
  for (const { id, name, type } of schema.fields) {
    const valueCount = counts.get(id);
    const primitive = primitiveOf(type);
    if (valueCount === undefined || primitive === undefined) continue;
    columns[name] = {
      valueCount,
      nullCount: nulls.get(id) ?? 0,
      sizeBytes: sizes.get(id) ?? 0,
      ...text('min', lower.get(id), primitive),
      ...text('max', upper.get(id), primitive),
    };
  }
  return {
    key,
    recordCount: file.record_count,
    sizeBytes: file.file_size_in_bytes,
    ...(month == null ? {} : { month }),
    columns,
  };
}

function byId<V>(pairs: readonly KeyValue<V>[] | null): Map<number, V> {
  return new Map((pairs ?? []).map(({ key, value }) => [key, value]));
}

function text(
  side: 'min' | 'max',
  bytes: Buffer | undefined,
  type: ColumnType,
): { readonly min?: string; readonly max?: string } {
  const printed = bytes === undefined ? undefined : decodeBound(bytes, type);
  return printed === undefined ? {} : { [side]: printed };
}
