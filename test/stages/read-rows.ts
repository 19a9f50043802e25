import path from 'node:path';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import type { Layer } from '../../etl/naming/datasets.ts';
import type { ObjectStore } from '../../etl/ports.ts';
import { filesOf, openTable } from '../../etl/table/lake-table.ts';
import { readPointer } from '../../etl/table/pointer.ts';

/** One row as hyparquet gives it. */
export type Row = Record<string, unknown>;

/** Which table of which lake. */
export interface TableToRead {
  readonly layer: Layer;
  readonly dataset: string;
  /** Absolute path of the lake. */
  readonly root: string;
}

/** The rows of the snapshot that a pointer names, read from its files by hyparquet; none before the first commit. */
export async function readRows(objects: ObjectStore, { layer, dataset, root }: TableToRead): Promise<Row[]> {
  const read = await readPointer(
    objects,
    layer === 'gold' || layer === 'projection' ? layer : 'silver',
    dataset,
  );
  const state = read?.pointer.tables[layer];
  if (state === undefined) return [];
  const table = await openTable(objects, state);
  const rows: Row[] = [];
  for (const { key } of await filesOf(table))
    for (const row of await readParquetRows(path.join(root, key))) rows.push(row);
  return rows;
}

/**
 * The rows of one Parquet file. Times are text to the microsecond (`2024-01-31T00:00:00.000000Z`), dates text,
 * integers of 64 bits bigint, decimals numbers.
 */
export async function readParquetRows(file: string): Promise<Row[]> {
  const rows: Row[] = await parquetReadObjects({
    file: await asyncBufferFromFile(file),
    compressors,
    utf8: false,
    parsers: { timestampFromMicroseconds: microsText, dateFromDays: dayText, stringFromBytes: textOf },
  });
  return rows;
}

const UTF8 = new TextDecoder('utf-8', { ignoreBOM: true });

/** The text as it is: hyparquet's own reader takes a byte order mark at its beginning away. */
function textOf(bytes: Uint8Array | undefined): string | undefined {
  return bytes && UTF8.decode(bytes);
}

/** Microseconds since 1970 as ISO 8601. */
export function microsText(micros: bigint): string {
  const fraction = ((micros % 1_000_000n) + 1_000_000n) % 1_000_000n;
  const seconds = Number((micros - fraction) / 1_000_000n);
  return new Date(seconds * 1000).toISOString().replace(/\.\d+Z$/, `.${String(fraction).padStart(6, '0')}Z`);
}

/** Days since 1970 as ISO 8601. */
export function dayText(days: number): string {
  return new Date(days * 86_400_000).toISOString().replace(/T.*$/, '');
}
