import { toUtf8 } from '../csv/decode.ts';
import { isBlank, readRecord } from '../csv/record.ts';
import { ANY_WIDTH, newScan, recordFormat } from '../csv/record-format.ts';
import { fieldTexts } from '../csv/rewrite.ts';
import { kindOfText } from './kinds.ts';
import { type Note, review, several } from './notes.ts';
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
 * The records at a file's end that are no data: of another width, half as full as the others, or with a text where all
 * others have a number or a date. A number alone in a full record is a total row, and none of them. `sample` are records
 * from the file's beginning.
 */
export async function findFooter(
  file: TextFile,
  sample: readonly (readonly string[])[],
  signs: Signs,
): Promise<FoundFooter> {
  const start = Math.max(file.text.start, file.text.end - TAIL_BYTES);
  const records = tailRecords(await headOf(file, TAIL_BYTES, start), signs, start > file.text.start);
  const model = modelOf(sample.slice(0, Math.max(Math.ceil(sample.length / 2), sample.length - MOST_LINES)));
  let lines = 0;
  let wellFormed = 0;
  for (const record of records.reverse().slice(0, MOST_LINES)) {
    if (model === undefined || !isOther(record, model)) break;
    lines++;
    if (record.length === model.width) wellFormed++;
  }
  return {
    file: file.name,
    lines: lines === MOST_LINES ? 0 : lines,
    wellFormed: lines === MOST_LINES ? 0 : wellFormed,
  };
}

/** What records are like: their width, how many fields they fill, and the columns of numbers and dates. */
interface Model {
  readonly width: number;
  readonly filled: number;
  readonly typed: readonly number[];
}

const filledOf = (fields: readonly string[]): number => fields.filter((text) => text.trim() !== '').length;

function modelOf(sample: readonly (readonly string[])[]): Model | undefined {
  const widths = sample.map(({ length }) => length).sort((a, b) => a - b);
  const width = widths[Math.floor(widths.length / 2)];
  const like = sample.filter(({ length }) => length === width);
  if (width === undefined || like.length < 3) return undefined;
  const filled = like.map(filledOf).sort((a, b) => a - b)[Math.floor(like.length / 2)] ?? 0;
  const typed = Array.from({ length: width }, (_, n) => n).filter((n) => {
    const kinds = like.flatMap((fields) => kindOfText(fields[n] ?? '') ?? []);
    return kinds.length >= 3 && kinds.every((kind) => kind === 'number' || kind === 'date');
  });
  return { width, filled, typed };
}

function isOther(record: readonly string[], { width, filled, typed }: Model): boolean {
  if (record.length !== width) return true;
  const own = record.filter((text) => text.trim() !== '');
  const isTotal = own.length === 1 && kindOfText(own[0] ?? '') === 'number';
  if (isTotal) return false;
  if (own.length * 2 <= filled) return true;
  return typed.some((n) => !['number', 'date', undefined].includes(kindOfText(record[n] ?? '')));
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
        review(
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
