import type { CsvDialect } from '../contract/csv-dialect.ts';
import { toUtf8 } from './decode.ts';
import { passLine } from './pass-line.ts';
import { isBlank, readRecord } from './record.ts';
import {
  ANY_WIDTH,
  linesOf,
  newScan,
  type RecordFormat,
  type RecordScan,
  recordFormat,
} from './record-format.ts';
import { fieldTexts } from './rewrite.ts';
import type { ByteWindow } from './window.ts';

/** A file's header as it stands, and where its data begins. */
export interface Header {
  readonly names: readonly string[];
  readonly newline: '\n' | '\r\n';
  /** Physical line of the first data record, 1-based. */
  readonly firstDataLine: number;
}

/** What the first record of a file turned out to be. */
export type HeaderResult =
  | { readonly kind: 'header'; readonly header: Header }
  | { readonly kind: 'empty' }
  /** `nextLine` is the physical line behind it; absent where nothing behind it can be read. */
  | { readonly kind: 'unreadable'; readonly why: string; readonly nextLine?: number };

/**
 * Reads the first record with any content, from physical line `from` on, as the header and leaves the window behind it.
 */
export async function readHeader(
  window: ByteWindow,
  dialect: CsvDialect,
  maxRecordBytes: number,
  from = 1,
): Promise<HeaderResult> {
  const format = recordFormat(dialect, ANY_WIDTH, maxRecordBytes);
  const scan = newScan();
  for (let line = from; ; line += linesOf(scan, format)) {
    const found = await scanRecord(window, format, scan);
    if (found === 'end') return { kind: 'empty' };
    if (found === 'too long') return tooLong(maxRecordBytes);
    const record = window.bytes.subarray(window.start, scan.end);
    const blank = isBlank(window.bytes, window.start, scan.end, format);
    window.start = scan.next;
    if (!blank) {
      const rest = { newline: newlineOf(scan), firstDataLine: line + linesOf(scan, format) };
      return parseHeader(record, dialect, { format, scan, rest });
    }
  }
}

/** What precedes the records of a file without a readable header. */
export interface Headerless {
  readonly names: readonly string[];
  /** So many lines are passed, whatever they say. */
  readonly skipLines: number;
}

/** The given names as the header of a file that has none; the window stands at the first record. */
export async function headerless(
  window: ByteWindow,
  { names, skipLines }: Headerless,
  dialect: CsvDialect,
  maxRecordBytes: number,
): Promise<HeaderResult> {
  for (let passed = 0; passed < skipLines; passed++) await passLine(window);
  const scan = newScan();
  const found = await scanRecord(window, recordFormat(dialect, ANY_WIDTH, maxRecordBytes), scan);
  if (found === 'end') return { kind: 'empty' };
  if (found === 'record' && window.bytes.subarray(window.start, scan.end).includes(0)) return notText();
  return { kind: 'header', header: { names, newline: newlineOf(scan), firstDataLine: 1 + skipLines } };
}

/** Looks at the record at the window's start, filling the window until it is whole, or known to be too long. */
async function scanRecord(
  window: ByteWindow,
  format: RecordFormat,
  scan: RecordScan,
): Promise<'record' | 'end' | 'too long'> {
  while (!readRecord(window.bytes, window.start, window.limit, window.final, format, scan))
    await window.fillMore();
  if (window.start >= window.limit && window.final) return 'end';
  return scan.problem === 'a record longer than the limit' ? 'too long' : 'record';
}

const newlineOf = ({ next, end }: RecordScan): Header['newline'] => (next - end === 2 ? '\r\n' : '\n');

function notText(): HeaderResult {
  return unreadable('it is not text: its first line holds NUL bytes');
}

function tooLong(maxRecordBytes: number): HeaderResult {
  return unreadable(`its first line is longer than ${maxRecordBytes} bytes`);
}

function unreadable(why: string, nextLine?: number): HeaderResult {
  return nextLine === undefined ? { kind: 'unreadable', why } : { kind: 'unreadable', why, nextLine };
}

/** What a header was scanned as. */
interface ScannedHeader {
  readonly format: RecordFormat;
  readonly scan: RecordScan;
  readonly rest: Omit<Header, 'names'>;
}

function parseHeader(
  record: Uint8Array,
  dialect: CsvDialect,
  { format, scan, rest }: ScannedHeader,
): HeaderResult {
  if (record.includes(0)) return notText();
  const utf8 = toUtf8(record, dialect.encodings);
  if (utf8 === undefined)
    return unreadable(`its first line is not text in ${dialect.encodings.join(' or ')}`, rest.firstDataLine);
  if (scan.problem !== undefined) {
    const why = HEADER_PROBLEMS[scan.problem] ?? scan.problem;
    return unreadable(`its header can't be parsed: ${why}`, rest.firstDataLine);
  }
  return { kind: 'header', header: { names: fieldTexts(utf8, format, dialect), ...rest } };
}

/** How a header's quotes can stand wrongly; nothing of its text. */
const HEADER_PROBLEMS: Readonly<Record<string, string>> = {
  'a quote inside an unquoted field': 'a quote stands in the middle of a name',
  'text after a closing quote': 'something stands behind a closing quote',
  'a quote that is never closed': 'a quote is never closed',
};
