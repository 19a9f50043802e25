import { Buffer } from 'node:buffer';
import { parse } from 'csv-parse/sync';
import type { CsvDialect } from '../contract/contract.ts';
import { toUtf8 } from './decode.ts';
import { ANY_WIDTH, isBlank, newScan, type RecordFormat, readRecord } from './record.ts';
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
  | { readonly kind: 'unreadable'; readonly why: string };

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

/** Reads the first record with any content as the header and leaves the window behind it. */
export async function readHeader(
  window: ByteWindow,
  dialect: CsvDialect,
  maxRecordBytes: number,
): Promise<HeaderResult> {
  const format = recordFormat(dialect, ANY_WIDTH, maxRecordBytes);
  const scan = newScan();
  for (let line = 1; ; line += 1 + scan.quotedNewlines) {
    while (!readRecord(window.bytes, window.start, window.limit, window.final, format, scan)) {
      // One byte more than the limit may be a carriage return that only ends the line.
      if (window.limit - window.start > maxRecordBytes + 1) return tooLong(maxRecordBytes);
      await window.fill();
    }
    if (window.start >= window.limit && window.final) return { kind: 'empty' };
    if (scan.end - window.start > maxRecordBytes) return tooLong(maxRecordBytes);
    const record = window.bytes.subarray(window.start, scan.end);
    const crlf = scan.next - scan.end === 2;
    const blank = isBlank(window.bytes, window.start, scan.end, format);
    window.start = scan.next;
    if (!blank)
      return parseHeader(record, dialect, {
        newline: crlf ? '\r\n' : '\n',
        firstDataLine: line + 1 + scan.quotedNewlines,
      });
  }
}

function tooLong(maxRecordBytes: number): HeaderResult {
  return unreadable(`its first line is longer than ${maxRecordBytes} bytes`);
}

function unreadable(why: string): HeaderResult {
  return { kind: 'unreadable', why };
}

function parseHeader(record: Uint8Array, dialect: CsvDialect, rest: Omit<Header, 'names'>): HeaderResult {
  if (record.includes(0)) return unreadable('it is not text: its first line holds NUL bytes');
  const utf8 = toUtf8(record, dialect.encodings);
  if (utf8 === undefined)
    return unreadable(`its first line is not text in ${dialect.encodings.join(' or ')}`);
  try {
    const rows: string[][] = parse(Buffer.from(utf8), {
      delimiter: dialect.delimiter,
      quote: dialect.quote,
      escape: dialect.escape,
    });
    return { kind: 'header', header: { names: rows[0] ?? [], ...rest } };
  } catch (error) {
    return unreadable(
      `its header can't be parsed: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}
