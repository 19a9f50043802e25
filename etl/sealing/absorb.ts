import { requireSameRows } from '../engine/row-identity.ts';
import { tableRowsSql } from '../engine/table-rows.ts';
import { type WriteTarget, writeDataFiles } from '../engine/write-data-files.ts';
import type { DataFile } from '../table/schema.ts';

/** So many small files of one table are joined: whoever reads the table opens each. */
export const MOST_SMALL_FILES = 8;

/** Larger files stay as they are. */
const SMALL_BYTES = 32 * 1024 * 1024;

/** Files up to this size cost the same to read, and to write again. */
const TINY_BYTES = 64 * 1024;

/**
 * Which files of a table that only grows are joined with what comes next: none while there are few small ones, then the
 * smallest up to the last that isn't larger than all before it together. A table of n files' worth of rows so has a
 * number of files that hardly grows with n, and writes each row again only some log n times.
 */
export function filesToAbsorb(files: readonly DataFile[]): DataFile[] {
  const small = files
    .filter(({ sizeBytes }) => sizeBytes < SMALL_BYTES)
    .sort((a, b) => a.sizeBytes - b.sizeBytes || (a.key < b.key ? -1 : 1));
  if (small.length < MOST_SMALL_FILES) return [];
  const last = small.findLastIndex(
    ({ sizeBytes }, n) => sizeBytes <= Math.max(TINY_BYTES, sumOf(small.slice(0, n))),
  );
  const absorbed = small.slice(0, last + 1);
  return absorbed.length > 1 ? absorbed : [];
}

/** What a table gets, and which of its files that takes the place of. */
export interface Absorbed {
  readonly added: DataFile[];
  readonly absorbed: string[];
}

/**
 * Writes rows for a table without partitions, together with those of its files that are due to be joined. What was
 * joined is read back and must have every row of both; throws DataError `ROWS_CHANGED` otherwise.
 */
export async function writeAbsorbing(
  select: string,
  files: readonly DataFile[],
  target: WriteTarget,
): Promise<Absorbed> {
  const absorbed = filesToAbsorb(files);
  if (absorbed.length === 0) return { added: await writeDataFiles(select, target), absorbed: [] };
  const joined = `${await rowsOf(absorbed, target)} UNION ALL BY NAME (${select})`;
  const added = await writeDataFiles(joined, target);
  await requireSameRows(
    target.engine,
    { wanted: joined, written: await rowsOf(added, target) },
    target.table.root,
  );
  return { added, absorbed: absorbed.map(({ key }) => key) };
}

async function rowsOf(files: readonly DataFile[], { table, data }: WriteTarget): Promise<string> {
  return tableRowsSql(table, await Promise.all(files.map(({ key }) => data.localPath(key))));
}

const sumOf = (files: readonly DataFile[]): number =>
  files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
