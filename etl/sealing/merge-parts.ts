import { addPii } from '../privacy/pii/pii-count.ts';
import type { RefinedFile } from '../stages/documents.ts';
import { addDecimals, addSums } from '../sums.ts';
import type { FooterOfFile } from './footers.ts';

/** What was found in each file, by its index: a file that several chunks read is added up from its parts. */
export function mergeParts(parts: readonly RefinedFile[]): Map<number, RefinedFile> {
  const files = new Map<number, RefinedFile>();
  for (const part of parts) {
    const before = files.get(part.index);
    files.set(part.index, before === undefined ? part : add(before, part));
  }
  return files;
}

/** A file without its footer; where that is wrong, a file that is rejected. */
export function withFooter(file: RefinedFile, footer: FooterOfFile): RefinedFile {
  const nothing = { records: 0, silver: 0, rejected: 0, blank: 0, totalRows: 0, lastContentRow: 0 };
  if (footer.kind === 'wrong')
    return {
      ...{ index: file.index, outcome: 'rejected' as const, why: footer.why, ...nothing },
      blankIdentity: '0',
      measuresIn: [],
    };
  const { records, identity, measures, lastContentRow } = footer;
  const measuresIn = addSums([...file.measuresIn, ...measures]);
  return { ...file, lastContentRow, measuresIn, footer: { records, identity } };
}

/** Header lines that were passed over in either part. */
function headersOf(one: RefinedFile, other: RefinedFile): Pick<RefinedFile, 'repeatedHeaders'> {
  const repeatedHeaders = (one.repeatedHeaders ?? 0) + (other.repeatedHeaders ?? 0);
  return repeatedHeaders === 0 ? {} : { repeatedHeaders };
}

/** Personal data found in either part. */
function piiOf(one: RefinedFile, other: RefinedFile): Pick<RefinedFile, 'pii'> {
  const pii = addPii(one.pii, other.pii);
  return pii.length === 0 ? {} : { pii };
}

/** What either part has of people who were forgotten. */
function forgottenOf(one: RefinedFile, other: RefinedFile): Pick<RefinedFile, 'forgotten'> {
  const [a, b] = [one.forgotten, other.forgotten];
  if (a === undefined || b === undefined)
    return a === undefined ? (b === undefined ? {} : { forgotten: b }) : { forgotten: a };
  const identity = addDecimals(a.identity, b.identity);
  const measures = addSums([...a.measures, ...b.measures]);
  return { forgotten: { records: a.records + b.records, identity, measures } };
}

function add(one: RefinedFile, other: RefinedFile): RefinedFile {
  return {
    ...one,
    records: one.records + other.records,
    silver: one.silver + other.silver,
    rejected: one.rejected + other.rejected,
    blank: one.blank + other.blank,
    ...headersOf(one, other),
    ...piiOf(one, other),
    ...forgottenOf(one, other),
    totalRows: one.totalRows + other.totalRows,
    lastContentRow: Math.max(one.lastContentRow, other.lastContentRow),
    blankIdentity: addDecimals(one.blankIdentity, other.blankIdentity),
    measuresIn: addSums([...one.measuresIn, ...other.measuresIn]),
  };
}
