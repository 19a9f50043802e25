import type { RefinedFile } from '../stages/documents.ts';
import { addDecimals, addSums } from '../sums.ts';

/** What was found in each file, by its index: a file that several chunks read is added up from its parts. */
export function mergeParts(parts: readonly RefinedFile[]): Map<number, RefinedFile> {
  const files = new Map<number, RefinedFile>();
  for (const part of parts) {
    const before = files.get(part.index);
    files.set(part.index, before === undefined ? part : add(before, part));
  }
  return files;
}

function add(one: RefinedFile, other: RefinedFile): RefinedFile {
  return {
    ...one,
    records: one.records + other.records,
    silver: one.silver + other.silver,
    rejected: one.rejected + other.rejected,
    blank: one.blank + other.blank,
    totalRows: one.totalRows + other.totalRows,
    lastContentRow: Math.max(one.lastContentRow, other.lastContentRow),
    blankIdentity: addDecimals(one.blankIdentity, other.blankIdentity),
    measuresIn: addSums([...one.measuresIn, ...other.measuresIn]),
  };
}
