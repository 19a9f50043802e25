import { Buffer } from 'node:buffer';
import { parse } from 'csv-parse/sync';
import type { CsvDialect } from '../contract/contract.ts';
import { toUtf8 } from './decode.ts';
import { ANY_WIDTH, isBlank, newScan, type RecordFormat, type RecordScan, readRecord } from './record.ts';
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

/** The dialect's bytes, for a record of any width. */
export function recordFormat(dialect: CsvDialect, fields: number, maxRecordBytes: number): RecordFormat {
  return {
    delimiter: dialect.delimiter.charCodeAt(0),
    quote: dialect.quote.charCodeAt(0),
    escape: dialect.escape.charCodeAt(0),
    fields,
    maxRecordBytes,
  };
}

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
  for (let line = from; ; line += 1 + scan.quotedNewlines) {
    const found = await scanRecord(window, format, scan);
    if (found === 'end') return { kind: 'empty' };
    if (found === 'too long') return tooLong(maxRecordBytes);
    const record = window.bytes.subarray(window.start, scan.end);
    const blank = isBlank(window.bytes, window.start, scan.end, format);
    window.start = scan.next;
    if (!blank)
      return parseHeader(record, dialect, {
        newline: newlineOf(scan),
        firstDataLine: line + 1 + scan.quotedNewlines,
      });
  }
}

/** The given names as the header of a file that has none; the window stays where it is. */
export async function headerless(
  window: ByteWindow,
  names: readonly string[],
  dialect: CsvDialect,
  maxRecordBytes: number,
): Promise<HeaderResult> {
  const scan = newScan();
  const found = await scanRecord(window, recordFormat(dialect, ANY_WIDTH, maxRecordBytes), scan);
  if (found === 'end') return { kind: 'empty' };
  if (found === 'too long') return tooLong(maxRecordBytes);
  if (window.bytes.subarray(window.start, scan.end).includes(0)) return notText();
  return { kind: 'header', header: { names, newline: newlineOf(scan), firstDataLine: 1 } };
}

/** Looks at the record at the window's start, filling the window until it is whole. */
async function scanRecord(
  window: ByteWindow,
  format: RecordFormat,
  scan: RecordScan,
): Promise<'record' | 'end' | 'too long'> {
  const { maxRecordBytes } = format;
  while (!readRecord(window.bytes, window.start, window.limit, window.final, format, scan)) {
    // One byte more than the limit may be a carriage return that only ends the line.
    if (window.limit - window.start > maxRecordBytes + 1) return 'too long';
    await window.fill();
  }
  if (window.start >= window.limit && window.final) return 'end';
  return scan.end - window.start > maxRecordBytes ? 'too long' : 'record';
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

function parseHeader(record: Uint8Array, dialect: CsvDialect, rest: Omit<Header, 'names'>): HeaderResult {
  if (record.includes(0)) return notText();
  const utf8 = toUtf8(record, dialect.encodings);
  if (utf8 === undefined)
    return unreadable(`its first line is not text in ${dialect.encodings.join(' or ')}`, rest.firstDataLine);
  try {
    const rows: string[][] = parse(Buffer.from(utf8), {
      delimiter: dialect.delimiter,
      quote: dialect.quote,
      escape: dialect.escape,
    });
    return { kind: 'header', header: { names: rows[0] ?? [], ...rest } };
  } catch (error) {
    // Its text quotes the line: the code says what kind of trouble it is.
    const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
    return unreadable(
      `its header can't be parsed: ${PARSE_ERRORS[code] ?? 'it is no record in this dialect'}`,
      rest.firstDataLine,
    );
  }
}

/** What csv-parse's codes mean. */
const PARSE_ERRORS: Readonly<Record<string, string>> = {
  INVALID_OPENING_QUOTE: 'a quote stands in the middle of a name',
  CSV_INVALID_CLOSING_QUOTE: 'something stands behind a closing quote',
  CSV_QUOTE_NOT_CLOSED: 'a quote is never closed',
};
