import { Buffer } from 'node:buffer';
import type { PlainSigns } from '../csv/rewrite.ts';

/** Well-formed records in plain signs, all of one width, and where their cells lie. */
export interface PlainRecords {
  readonly bytes: Uint8Array;
  readonly count: number;
  readonly fields: number;
  /** Where each cell begins, record by record, and behind each record's last one where the record's text ends. */
  readonly starts: readonly number[];
  readonly delimiterBytes: number;
  readonly quote: number;
}

const [LF, CR] = [10, 13];

/** Finds the cells of records as `readPieces` hands them on: each ends with a line end, quotes are doubled within quotes. */
export function plainRecords(bytes: Uint8Array, fields: number, signs: PlainSigns): PlainRecords {
  const delimiter = Buffer.from(signs.delimiter);
  const quote = signs.quote.charCodeAt(0);
  const starts: number[] = [];
  let [at, count] = [0, 0];
  while (at < bytes.length) {
    for (let field = 0; field < fields; field++) {
      starts.push(at);
      if (bytes[at] === quote) at = closingQuote(bytes, at + 1, quote) + 1;
      while (at < bytes.length && !isEnd(bytes, at, delimiter)) at++;
      if (field < fields - 1) at += delimiter.length;
    }
    starts.push(at);
    count++;
    at += bytes[at] === CR && bytes[at + 1] === LF ? 2 : 1;
  }
  return { bytes, count, fields, starts, delimiterBytes: delimiter.length, quote };
}

/** Bytes of a cell, its quotes included. */
export function cellSpan(records: PlainRecords, record: number, field: number): [start: number, end: number] {
  const at = record * (records.fields + 1) + field;
  const [start, next] = [records.starts[at] ?? 0, records.starts[at + 1] ?? 0];
  return [start, field === records.fields - 1 ? next : next - records.delimiterBytes];
}

/** The text of a cell. */
export function cellText(records: PlainRecords, record: number, field: number): string {
  const [start, end] = cellSpan(records, record, field);
  const { bytes, quote } = records;
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes[start] !== quote || end - start < 2) return view.toString('utf8', start, end);
  const sign = String.fromCharCode(quote);
  return view.toString('utf8', start + 1, end - 1).replaceAll(sign + sign, sign);
}

function closingQuote(bytes: Uint8Array, from: number, quote: number): number {
  for (let at = from; at < bytes.length; at++) {
    if (bytes[at] !== quote) continue;
    if (bytes[at + 1] !== quote) return at;
    at++;
  }
  return bytes.length;
}

function isEnd(bytes: Uint8Array, at: number, delimiter: Buffer): boolean {
  const byte = bytes[at];
  if (byte === LF || byte === CR) return true;
  if (byte !== delimiter[0]) return false;
  for (let n = 1; n < delimiter.length; n++) if (bytes[at + n] !== delimiter[n]) return false;
  return true;
}
