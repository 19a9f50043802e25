import type { DataFile } from '../table/schema.ts';

/** Files of one month that become one. */
export interface Bin {
  /** Months since 1970-01; undefined in a table without partitions. */
  readonly month: number | undefined;
  readonly files: readonly DataFile[];
}

/**
 * Which small files are to be joined: month by month those smaller than half of the target, in groups that together
 * don't exceed it. A month with a single small file is left alone. The same files give the same bins.
 */
export function planCompaction(files: readonly DataFile[], targetBytes: number): Bin[] {
  const small = files.filter(({ sizeBytes }) => sizeBytes < targetBytes / 2);
  return binsOf(small, targetBytes).filter((bin) => bin.files.length > 1);
}

/** The files month by month, in groups that together don't exceed a size, but for a file that alone does. */
export function binsOf(files: readonly DataFile[], targetBytes: number): Bin[] {
  const months = new Map<number | undefined, DataFile[]>();
  for (const file of files) months.set(file.month, [...(months.get(file.month) ?? []), file]);
  return [...months]
    .sort(([a = -1], [b = -1]) => a - b)
    .flatMap(([month, own]) => groupsOf(own, targetBytes).map((group) => ({ month, files: group })));
}

function groupsOf(files: readonly DataFile[], targetBytes: number): DataFile[][] {
  const groups: DataFile[][] = [];
  let sizeBytes = Number.POSITIVE_INFINITY;
  for (const file of files) {
    if (sizeBytes + file.sizeBytes > targetBytes) {
      groups.push([]);
      sizeBytes = 0;
    }
    groups.at(-1)?.push(file);
    sizeBytes += file.sizeBytes;
  }
  return groups;
}
