import { isUtf8 } from 'node:buffer';
import { toUtf8 } from '../csv/decode.ts';
import { isBlank, readRecord } from '../csv/record.ts';
import { ANY_WIDTH, newScan, recordFormat } from '../csv/record-format.ts';
import { fieldTexts } from '../csv/rewrite.ts';
import { kindOfText } from './kinds.ts';
import { NULL_SPELLINGS } from './profile-column.ts';
import type { SniffedDialect } from './sniff-dialect.ts';
import { headerAmong, typedColumns } from './typed-columns.ts';

/** Where a file's header stands, and some of the records behind it. */
export type FoundHeader =
  | {
      readonly kind: 'header';
      readonly names: readonly string[];
      /** Whether its bytes are UTF-8, as those of the records may be or not. */
      readonly isUtf8: boolean;
      /** Where the header's line begins, in bytes from the text's own beginning. */
      readonly startByte: number;
      /** Records with something in them before the header. */
      readonly preambleLines: number;
      /** Those of them that can be read. */
      readonly above: readonly (readonly string[])[];
      readonly sample: readonly (readonly string[])[];
    }
  /** The first record holds values; the sample begins with it. */
  | {
      readonly kind: 'none';
      readonly preambleLines: number;
      readonly above: readonly (readonly string[])[];
      readonly sample: readonly (readonly string[])[];
      /** A header line further down, and which of the sample's records it is, from 1. */
      readonly below?: { readonly names: readonly string[]; readonly record: number };
    }
  | { readonly kind: 'empty' };

/** Records that are looked at for the header, and those that serve as a sample. */
const LEAD = 60;
const SAMPLE = 2000;

/**
 * Finds the header in a text's first records: the first one as wide and about as full as those behind it. If those end
 * with empty fields, the record before them that doesn't. Lines above a header that were filled up with delimiters to
 * its width, as spreadsheets do, are skipped. `none` where the found one holds values itself. Reads text as UTF-8, else
 * as Windows-1252.
 */
export function findHeader(head: Uint8Array, isWhole: boolean, dialect: SniffedDialect): FoundHeader {
  const records = readRecords(head, isWhole, dialect);
  if (records.length === 0) return { kind: 'empty' };
  const typical = median(records.slice(1, LEAD).map(({ fields }) => filled(fields)));
  const enough = Math.min(dialect.fields, Math.max(1, Math.ceil(typical / 2)));
  const isWide = ({ fields }: Read): boolean => fields.length === dialect.fields;
  const wide = records.find((one) => isWide(one) && filled(one.fields) >= enough) ?? records.find(isWide);
  const header = wide && (shorterHeader(records, wide) ?? headerBelowPadding(records, wide) ?? wide);
  if (header === undefined) return { kind: 'empty' };
  const at = records.indexOf(header);
  const sample = records.slice(at + 1).map(({ fields }) => fields);
  const preambleLines = header.before;
  const above = records.slice(0, at).map(({ fields }) => fields);
  if (isData(header.fields, sample)) return withoutHeader([header.fields, ...sample], above, preambleLines);
  return {
    kind: 'header',
    names: header.fields,
    isUtf8: header.isUtf8,
    startByte: header.start,
    preambleLines,
    above,
    sample,
  };
}

function withoutHeader(
  sample: readonly (readonly string[])[],
  above: readonly (readonly string[])[],
  preambleLines: number,
): FoundHeader {
  const n = headerAmong(sample);
  const found = { kind: 'none' as const, preambleLines, above, sample };
  return n === undefined ? found : { ...found, below: { names: sample[n] ?? [], record: n + 1 } };
}

/**
 * The header of records that end with empty fields which it lacks: the record before the first wide one, if it is
 * shorter by just the fields that all wide ones leave empty, and names all others.
 */
function shorterHeader(records: readonly Read[], wide: Read): Read | undefined {
  const before = records[records.indexOf(wide) - 1];
  const alike = records.filter(({ fields }) => fields.length === wide.fields.length);
  const surplus = Math.min(...alike.map(({ fields }) => emptyAtEnd(fields)));
  const isHeader = before?.fields.length === wide.fields.length - surplus && surplus > 0;
  return isHeader && filled(before.fields) === before.fields.length ? before : undefined;
}

/**
 * The header below lines filled up with delimiters: the first record that names every column, if all above it end with
 * empty fields, and numbers or dates below tell it from a record.
 */
function headerBelowPadding(records: readonly Read[], wide: Read): Read | undefined {
  const behind = records.slice(records.indexOf(wide), LEAD).filter(hasWidthOf(wide));
  const surplus = Math.min(...behind.map(({ fields }) => emptyAtEnd(fields)));
  const at = behind.findIndex(({ fields }) => isFull(fields, surplus));
  const header = behind[at];
  if (header === undefined || at === 0) return undefined;
  const isPadded = behind.slice(0, at).every(({ fields }) => emptyAtEnd(fields) > surplus);
  const sample = behind.slice(at + 1).map(({ fields }) => fields);
  const isTold = typedColumns(sample).length > 0 && !isData(header.fields, sample);
  return isPadded && isTold ? header : undefined;
}

const hasWidthOf =
  ({ fields: { length } }: Read) =>
  ({ fields }: Read): boolean =>
    fields.length === length;

/** Whether every field but so many at the end has a name of its own. */
function isFull(fields: readonly string[], surplus: number): boolean {
  const names = fields.slice(0, fields.length - surplus).map((text) => text.trim());
  return names.every((name) => name !== '') && new Set(names).size === names.length;
}

const emptyAtEnd = (fields: readonly string[]): number =>
  fields.length - 1 - fields.findLastIndex((text) => text.trim() !== '');

/**
 * Whether a first record holds numbers and dates as the records below do, in half of those columns where it says
 * something. Years are names, too, but not above other years.
 */
function isData(first: readonly string[], sample: readonly (readonly string[])[]): boolean {
  const said = typedColumns(sample).filter((n) => !isNothing(first[n] ?? ''));
  const values = said.filter((n) => {
    const kind = kindOfText(first[n] ?? '');
    if (kind === 'number' && isYear(first[n] ?? '')) return hasYears(sample, n);
    return kind === 'number' || kind === 'date';
  });
  return values.length > 0 && values.length * 2 >= said.length;
}

const isNothing = (text: string): boolean => text.trim() === '' || NULL_SPELLINGS.includes(text.trim());

const isYear = (text: string): boolean => /^(19|20)\d\d$/.test(text.trim());

const hasYears = (sample: readonly (readonly string[])[], column: number): boolean =>
  sample
    .slice(0, LEAD)
    .map((fields) => fields[column] ?? '')
    .every((text) => isNothing(text) || isYear(text) || kindOfText(text) === 'text');

interface Read {
  readonly start: number;
  /** Records with something in them before it, readable or not. */
  readonly before: number;
  readonly isUtf8: boolean;
  readonly fields: readonly string[];
}

/** The first records that are not blank and can be read. */
function readRecords(head: Uint8Array, isWhole: boolean, { signs }: SniffedDialect): Read[] {
  const format = recordFormat(signs, ANY_WIDTH, head.length);
  const scan = newScan();
  const records: Read[] = [];
  let before = 0;
  for (let at = 0; at < head.length && records.length <= SAMPLE; at = scan.next) {
    if (!readRecord(head, at, head.length, isWhole, format, scan)) break;
    if (isBlank(head, at, scan.end, format)) continue;
    before++;
    if (scan.problem !== undefined) continue;
    const bytes = head.subarray(at, scan.end);
    const utf8 = toUtf8(bytes, ['utf-8', 'windows-1252']) ?? new Uint8Array();
    const fields = fieldTexts(utf8, format, signs);
    records.push({ start: at, before: before - 1, isUtf8: isUtf8(bytes), fields });
  }
  return records;
}

const filled = (fields: readonly string[]): number => fields.filter((text) => text.trim() !== '').length;

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
