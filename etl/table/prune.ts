import type { ColumnType, DataFile } from './schema.ts';
import { compareScalars, parseScalar } from './value.ts';

/** A closed range of values, as DuckDB prints them (binary as hex). */
export interface ValueRange {
  readonly type: ColumnType;
  readonly min: string;
  readonly max: string;
}

/**
 * Whether a file may hold a value of the column between `min` and `max`, both included. False only when it
 * surely holds none (NULL and NaN are in no range); true where bounds or ranges are unknown.
 */
export function mayContain(file: DataFile, column: string, { type, min, max }: ValueRange): boolean {
  const stats = file.columns[column];
  if (stats === undefined) return true;
  if (stats.valueCount > 0 && stats.nullCount === stats.valueCount) return false;
  return !isLess(stats.max, min, type) && !isLess(max, stats.min, type);
}

function isLess(a: string | undefined, b: string | undefined, type: ColumnType): boolean {
  const left = a === undefined ? undefined : parseScalar(a, type);
  const right = b === undefined ? undefined : parseScalar(b, type);
  return left !== undefined && right !== undefined && compareScalars(left, right) < 0;
}
