import { gunzipSync } from 'node:zlib';
import type { SourceContract } from '../../etl/contract/contract.ts';
import { normaliseHeader } from '../../etl/contract/header.ts';
import { parseFields } from './parse-fields.ts';
import { parseJsonLines } from './parse-json.ts';
import {
  decode,
  isBlankText,
  type Line,
  type OracleDialect,
  type OracleRecord,
  parseRecords,
  splitLines,
  takeWhole,
} from './parse-records.ts';

/** What the oracle makes of a file: its records and the field of each contract column; or why there are none. */
export type OracleSource =
  | {
      readonly kind: 'read';
      readonly records: readonly OracleRecord[];
      readonly fields: readonly (number | undefined)[];
      /** Whether a record is the header line again. */
      readonly isHeader: (record: OracleRecord) => boolean;
    }
  | { readonly kind: 'empty' }
  /** `why` is a part of the reason that must be given. */
  | { readonly kind: 'rejected'; readonly why: string };

const MAX_FIELDS = 2_000;

/** Reads a file as a contract says: what it is packed in, its header, its records. */
export function readSource(file: Uint8Array, contract: SourceContract): OracleSource {
  const isJson = contract.csv.format === 'jsonl';
  if (isJson && /^(fffe|feff)/.test(Buffer.from(file.subarray(0, 2)).toString('hex')))
    return { kind: 'rejected', why: 'JSON Lines are UTF-8' };
  const text = unpack(Buffer.from(file), contract.csv.encodings);
  if (text.kind === 'rejected') return text;
  if (isJson) return readJson(text.bytes, contract);
  const dialect = dialectOf(contract, text.isMarked);
  const lines = splitLines(text.bytes.toString('latin1'));
  const header = findHeader(lines, contract, dialect);
  if (header.kind !== 'header') return header;
  const records = parseRecords(lines.slice(header.next), header.names.length, dialect);
  const isHeader = (record: OracleRecord): boolean => isHeaderAgain(record, header, contract, dialect);
  return { kind: 'read', records, fields: header.fields, isHeader };
}

/** The records of JSON Lines, whose columns stand in the contract's order. */
function readJson(text: Buffer, contract: SourceContract): OracleSource {
  const records = parseJsonLines(text, contract);
  if (records.length === 0) return { kind: 'empty' };
  return { kind: 'read', records, fields: contract.columns.map((_, n) => n), isHeader: () => false };
}

/** Whether a record's fields are the names of the columns, after a byte order mark perhaps. */
function isHeaderAgain(
  { text }: OracleRecord,
  { names, fields }: Extract<MatchedHeader, { kind: 'header' }>,
  { columns }: SourceContract,
  dialect: OracleDialect,
): boolean {
  const found = parseFields(text.replace(/^(\ufeff|ï»¿)/, ''), dialect);
  if (found === undefined || found === 'open' || found.length < names.length) return false;
  if (found.slice(names.length).some((field) => dialect.extraFields !== 'empty' || field?.trim()))
    return false;
  return names.every((name, n) => {
    const spellings = [name, ...(columns[fields.indexOf(n)]?.headers ?? [])].map(normaliseHeader);
    return spellings.includes(normaliseHeader(found[n] ?? ''));
  });
}

type MatchedHeader =
  | (Extract<OracleHeader, { kind: 'header' }> & { readonly fields: readonly (number | undefined)[] })
  | Exclude<OracleHeader, { kind: 'header' }>;

/** The header where the contract says that it may stand. */
function findHeader(lines: readonly Line[], contract: SourceContract, dialect: OracleDialect): MatchedHeader {
  const { columns, preambleLines = 0, skipLines = 0 } = contract.csv;
  if (columns !== undefined) return matched(takeNone(lines, skipLines, columns, dialect), contract);
  let found = matched(takeHeader(lines, 0, dialect), contract);
  for (
    let tried = 1;
    tried <= preambleLines && found.kind === 'rejected' && found.next !== undefined;
    tried++
  )
    found = matched(takeHeader(lines, found.next, dialect), contract);
  if (preambleLines === 0 || found.kind === 'header' || isNothing(lines, dialect)) return found;
  return { kind: 'rejected', why: `none of its first ${preambleLines + 1} lines is its header` };
}

const isNothing = (lines: readonly Line[], dialect: OracleDialect): boolean =>
  takeHeader(lines, 0, dialect).kind === 'empty';

function matched(header: OracleHeader, contract: SourceContract): MatchedHeader {
  if (header.kind !== 'header') return header;
  const fields = matchNames(header.names, contract);
  return typeof fields === 'string'
    ? { kind: 'rejected', why: fields, next: header.next }
    : { ...header, fields };
}

/** The contract's own names, before the first record, unless that is no text. */
function takeNone(
  lines: readonly Line[],
  at: number,
  names: readonly string[],
  dialect: OracleDialect,
): OracleHeader {
  if (lines.length <= at) return { kind: 'empty' };
  const { text } = takeOne(lines, at, dialect);
  if (text.length <= dialect.maxRecordBytes && text.includes('\0'))
    return { kind: 'rejected', why: 'it is not text' };
  return { kind: 'header', names, next: at };
}

/** A mark says that a text is UTF-8, or was made so; then that encoding comes first. */
function dialectOf({ csv, limits }: SourceContract, isMarked: boolean): OracleDialect {
  const others = csv.encodings.filter((encoding) => encoding !== 'utf-8');
  const encodings = isMarked ? (['utf-8', ...others] as const) : csv.encodings;
  return { ...csv, encodings, maxRecordBytes: limits.maxRecordBytes };
}

type Unpacked =
  | { readonly kind: 'text'; readonly bytes: Buffer; readonly isMarked: boolean }
  | { readonly kind: 'rejected'; readonly why: string };

function unpack(file: Buffer, encodings: readonly string[]): Unpacked {
  if (file[0] === 0x1f && file[1] === 0x8b) {
    try {
      return unpack(gunzipSync(file), encodings);
    } catch {
      return { kind: 'rejected', why: 'its gzip data is damaged' };
    }
  }
  const head = file.subarray(0, 3).toString('hex');
  if (head === 'efbbbf') return { kind: 'text', bytes: file.subarray(3), isMarked: true };
  const marked = head.startsWith('fffe') ? 'utf-16le' : head.startsWith('feff') ? 'utf-16be' : undefined;
  const utf16 = marked ?? bareUtf16(file, encodings);
  if (utf16 === undefined) return { kind: 'text', bytes: file, isMarked: false };
  try {
    const bytes = marked === undefined ? file : file.subarray(2);
    // A second mark is text, as everywhere.
    const text = new TextDecoder(utf16, { fatal: true, ignoreBOM: true }).decode(bytes);
    return { kind: 'text', bytes: Buffer.from(text), isMarked: true };
  } catch {
    return {
      kind: 'rejected',
      why: marked === undefined ? 'it is read as utf-16' : "it is marked as UTF-16 but isn't",
    };
  }
}

/** UTF-16 without a mark, as far as contracts of the tests go: they list it alone, or beside it what has no NULs. */
function bareUtf16(file: Buffer, encodings: readonly string[]): string | undefined {
  const listed = encodings.filter((name) => name.startsWith('utf-16'));
  if (listed.length <= 1 && listed.length === encodings.length) return listed[0];
  const isNul = (at: number): boolean => file[at] === 0;
  return listed.find((name) => (name === 'utf-16le' ? isNul(1) && !isNul(0) : isNul(0) && !isNul(1)));
}

type OracleHeader =
  | { readonly kind: 'header'; readonly names: readonly string[]; readonly next: number }
  | { readonly kind: 'empty' }
  /** `next` is the line behind what can't be one; absent where nothing behind it can be read. */
  | { readonly kind: 'rejected'; readonly why: string; readonly next?: number };

/** The record that begins at a line, or where it can't be parsed that line. */
function takeOne(
  lines: readonly Line[],
  at: number,
  dialect: OracleDialect,
): { readonly whole: ReturnType<typeof takeWhole>; readonly text: string } {
  const whole = takeWhole(lines, at, dialect);
  return { whole, text: whole?.text ?? lines[at]?.text ?? '' };
}

/** The names in the first record with any content from a line on, and the line behind it. */
function takeHeader(lines: readonly Line[], from: number, dialect: OracleDialect): OracleHeader {
  for (let at = from; at < lines.length; ) {
    const { whole, text } = takeOne(lines, at, dialect);
    at += whole?.taken ?? 1;
    if (text.length > dialect.maxRecordBytes) return { kind: 'rejected', why: 'its first line is longer' };
    if (isBlankText(text, dialect)) continue;
    if (text.includes('\0')) return { kind: 'rejected', why: 'it is not text' };
    if (decode(text, text, dialect) === undefined)
      return { kind: 'rejected', why: 'is not text in', next: at };
    if (whole === undefined) return { kind: 'rejected', why: "its header can't be parsed", next: at };
    const names = whole.fields.map((name) => decode(name ?? '', text, dialect) ?? '');
    return { kind: 'header', names, next: at };
  }
  return { kind: 'empty' };
}

/** The field of each column, or why the file has to be rejected. */
function matchNames(
  names: readonly string[],
  contract: SourceContract,
): readonly (number | undefined)[] | string {
  if (names.length > MAX_FIELDS) return `more than ${MAX_FIELDS} are not read`;
  const found = contract.columns.map(({ headers }) => {
    const spellings = headers.map(normaliseHeader);
    return names.flatMap((name, field) => (spellings.includes(normaliseHeader(name)) ? [field] : []));
  });
  if (found.some((fields) => fields.length > 1)) return 'both mean';
  const isMissing = contract.columns.some(({ required }, n) => required && found[n]?.length === 0);
  return isMissing ? 'it has no column for' : found.map(([field]) => field);
}
