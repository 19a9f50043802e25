import { z } from 'zod';
import { DataError } from '../errors.ts';
import { primitiveOf } from './fields.ts';
import { currentSchema, type TableMetadata } from './metadata.ts';
import type { ColumnStats, ColumnType, DataFile } from './schema.ts';
import { parseScalar, printScalar } from './value.ts';

const count = z.coerce.number().pipe(z.int().nonnegative());
const pairs = z.array(z.object({ key: z.string(), value: z.string().nullable() }));

/** A row of `COPY … (RETURN_STATS)` as getRowObjectsJson() gives it. */
const copyRow = z.object({
  filename: z.string(),
  count,
  file_size_bytes: count,
  column_statistics: z.array(z.object({ key: z.string(), value: pairs })),
  partition_keys: pairs.nullable(),
});
const copiedColumn = z.object({
  num_values: count,
  null_count: count,
  column_size_bytes: count,
  has_nan: z.string().optional(),
  min: z.string().optional(),
  max: z.string().optional(),
});

/** Name of the column that a COPY is partitioned by: months since 1970-01. No contract can have it. */
export const PARTITION_COLUMN = '_month';

/** Where COPY put a file, and the month of its folder (undefined outside of such folders). */
export function copiedFile(row: unknown): { readonly path: string; readonly month: number | undefined } {
  const { filename, partition_keys } = parse(copyRow, row);
  const month = partition_keys?.find(({ key }) => key === PARTITION_COLUMN)?.value;
  return { path: filename, month: month == null ? undefined : Number(month) };
}

/** Which file of which table a row describes. */
export interface CopiedFileTarget {
  readonly metadata: TableMetadata;
  /** Where the file will lie in the lake. */
  readonly key: string;
  /** Months since 1970-01; undefined in an unpartitioned table. */
  readonly month: number | undefined;
}

/**
 * The data file that a row of DuckDB's `COPY … (RETURN_STATS)` describes. DuckDB leaves out the bounds of a
 * column where it can't give correct ones, so they are optional. Iceberg's bounds leave NaN out of account;
 * where DuckDB reports one they are dropped all the same (1.5.6 looks at a file's last row group only).
 * Throws DataError when the row is of another shape or has a column that the table lacks.
 */
export function readCopyStats(row: unknown, { metadata, key, month }: CopiedFileTarget): DataFile {
  const copied = parse(copyRow, row);
  const types = new Map(currentSchema(metadata).fields.map((field) => [field.name, field.type]));
  const columns: Record<string, ColumnStats> = {};
  for (const { key: path, value } of copied.column_statistics) {
    const name = topLevelName(path);
    if (name === undefined) continue;
    const type = primitiveOf(types.get(name) ?? unknownColumn(key, name));
    if (type === undefined) continue;
    columns[name] = readColumn(
      parse(copiedColumn, Object.fromEntries(value.map((p) => [p.key, p.value]))),
      type,
    );
  }
  return {
    key,
    recordCount: copied.count,
    sizeBytes: copied.file_size_bytes,
    ...(month === undefined ? {} : { month }),
    columns,
  };
}

function readColumn(copied: z.infer<typeof copiedColumn>, type: ColumnType): ColumnStats {
  const min = copied.has_nan === 'true' ? undefined : ordered(copied.min, type);
  const max = copied.has_nan === 'true' ? undefined : ordered(copied.max, type);
  return {
    valueCount: copied.num_values,
    nullCount: copied.null_count,
    sizeBytes: copied.column_size_bytes,
    ...(min === undefined ? {} : { min }),
    ...(max === undefined ? {} : { max }),
  };
}

/** Bounds in one spelling (COPY prints booleans as 0 and 1); none if infinite. */
function ordered(text: string | undefined, type: ColumnType): string | undefined {
  const value = text === undefined ? undefined : parseScalar(text, type);
  return value === undefined ? undefined : printScalar(value, type);
}

function unknownColumn(key: string, name: string): never {
  throw new DataError(
    'FILE_REFUSED',
    `Data file ${key} has a column '${name}' that the table doesn't: leave it out of the COPY, or evolve the schema first.`,
    { context: { key, column: name } },
  );
}

/** `"a""b"` → `a"b`; undefined for what lies inside a nested column, e.g. `"list"."element"`. */
function topLevelName(path: string): string | undefined {
  const quoted = /^"((?:[^"]|"")*)"$/.exec(path)?.[1];
  return quoted?.replaceAll('""', '"');
}

function parse<T extends z.ZodType>(shape: T, value: unknown): z.infer<T> {
  const result = shape.safeParse(value);
  if (result.success) return result.data;
  throw new DataError(
    'COPY_STATS',
    `DuckDB's COPY … (RETURN_STATS) gave a row that is not understood: ${z.prettifyError(result.error)}. Check that the DuckDB version is the pinned one.`,
  );
}
