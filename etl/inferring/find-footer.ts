import { normaliseHeader } from '../contract/header.ts';
import { toUtf8 } from '../csv/decode.ts';
import { isBlank, readRecord } from '../csv/record.ts';
import { ANY_WIDTH, newScan, recordFormat } from '../csv/record-format.ts';
import { fieldTexts } from '../csv/rewrite.ts';
import { holdsTable, isFooterLine, modelOf } from './footer-line.ts';
import { leftOut, type Note, review, several } from './notes.ts';
import type { Signs } from './sniff-dialect.ts';
import { headOf, type TextFile } from './text-file.ts';

/** Bytes at a file's end, and records there, that are looked at. */
const TAIL_BYTES = 64 * 1024;
const MOST_LINES = 20;

/** Records at a file's end that are of another kind than those above them. */
export interface FoundFooter {
  readonly file: string;
  readonly lines: number;
  /** Those of them that can be parsed as a record: the sample has them. */
  readonly wellFormed: number;
}

/**
 * The records at a file's end that can't be records of its table, by `isFooterLine`. A number alone is a total row, and
 * the header again is passed over by `repeatedHeader`: neither is one of them. Nor is anything where the lines look like
 * a table of their own, or are too many. `sample` are records from the file's beginning.
 */
export async function findFooter(
  file: TextFile,
  sample: readonly (readonly string[])[],
  { signs, names }: { readonly signs: Signs; readonly names: readonly string[] },
): Promise<FoundFooter> {
  const start = Math.max(file.text.start, file.text.end - TAIL_BYTES);
  const records = tailRecords(
    await headOf(file, TAIL_BYTES, start),
    signs,
    start > file.text.start,
  ).reverse();
  const model = modelOf(sample.slice(0, Math.max(Math.ceil(sample.length / 2), sample.length - MOST_LINES)));
  const isLine = (fields: readonly string[]): boolean =>
    model !== undefined && !isSameHeader(fields, names) && isFooterLine(fields, model);
  const end = records.findIndex((fields) => !isLine(fields));
  const lines = records.slice(0, end === -1 ? records.length : end);
  if (lines.length >= MOST_LINES || holdsTable(lines)) return { file: file.name, lines: 0, wellFormed: 0 };
  const wellFormed = lines.filter(({ length }) => length === model?.width).length;
  return { file: file.name, lines: lines.length, wellFormed };
}

/** Whether a record says the header's names again. */
function isSameHeader(fields: readonly string[], names: readonly string[]): boolean {
  return (
    fields.length === names.length &&
    fields.every((text, n) => normaliseHeader(text) === normaliseHeader(names[n] ?? ''))
  );
}

/** The last records with something in them; the first of a tail may be cut, and is left out. */
function tailRecords(tail: Uint8Array, signs: Signs, isCut: boolean): string[][] {
  const format = recordFormat(signs, ANY_WIDTH, tail.length);
  const scan = newScan();
  const records: string[][] = [];
  for (let at = 0; at < tail.length; at = scan.next) {
    if (!readRecord(tail, at, tail.length, true, format, scan)) break;
    if (isBlank(tail, at, scan.end, format)) continue;
    const utf8 = toUtf8(tail.subarray(at, scan.end), ['utf-8', 'windows-1252']) ?? new Uint8Array();
    records.push(scan.problem === undefined ? fieldTexts(utf8, format, signs) : []);
  }
  return isCut ? records.slice(1) : records;
}

/** What footers say of a contract: one number of lines where all files have the same, else what is left to a person. */
export function footerOf(found: readonly FoundFooter[]): {
  readonly footerLines?: number;
  readonly notes: readonly Note[];
} {
  const withSome = found.filter(({ lines }) => lines > 0);
  const [first] = withSome;
  if (first === undefined) return { notes: [] };
  const told = withSome.map(({ file, lines }) => `${file} ends with ${several(lines, 'record')}`).join(', ');
  const isSame = withSome.length === found.length && withSome.every(({ lines }) => lines === first.lines);
  if (isSame)
    return {
      footerLines: first.lines,
      notes: [
        leftOut(
          `${told} of another kind than the others: its footer, which is no data. If what it says begins alike each time, write footerPattern instead of footerLines.`,
        ),
      ],
    };
  return {
    notes: [
      review(
        `${told} of another kind than the others, and not every file with as many; they would be quarantined. If they are its footer, write footerPattern.`,
      ),
    ],
  };
}
