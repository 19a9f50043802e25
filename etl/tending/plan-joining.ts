import type { Bin } from '../operations/plan-compaction.ts';
import { filesToAbsorb } from '../sealing/absorb.ts';
import type { DataFile } from '../table/schema.ts';

/**
 * Which small files of a table are joined between two runs: month by month those that a table which only grows would
 * join (`filesToAbsorb`), so that a month has few files and each row is written again only some log n times; the months
 * with the most of them first, up to so many bytes. One bin is always taken, however large: no file of it is.
 */
export function planJoining(files: readonly DataFile[], mostBytes: number): Bin[] {
  const months = new Map<number | undefined, DataFile[]>();
  for (const file of files) {
    const own = months.get(file.month) ?? [];
    own.push(file);
    months.set(file.month, own);
  }
  const bins = [...months]
    .map(([month, own]) => ({ month, files: filesToAbsorb(own) }))
    .filter((bin) => bin.files.length > 0)
    .sort((a, b) => b.files.length - a.files.length || (a.month ?? -1) - (b.month ?? -1));
  let bytes = 0;
  return bins.filter((bin, n) => {
    const sizeBytes = bin.files.reduce((sum, file) => sum + file.sizeBytes, 0);
    if (n > 0 && bytes + sizeBytes > mostBytes) return false;
    bytes += sizeBytes;
    return true;
  });
}
