import { Buffer } from 'node:buffer';
import type { PlainSigns } from '../csv/rewrite.ts';

/** Well-formed records in plain signs, all of one width, and where their cells lie. */
export interface PlainRecords {
  readonly bytes: Buffer;
  readonly count: number;
  readonly fields: number;
  /** Where each cell begins, record by record, and behind each record's last one where the record's text ends. */
  readonly starts: Uint32Array;
  readonly delimiterBytes: number;
  readonly quote: number;
}

const [LF, CR] = [10, 13];

/** Finds the cells of records as `readPieces` hands them on: each ends with a line end, quotes are doubled within quotes. */
export function plainRecords(bytes: Uint8Array, fields: number, signs: PlainSigns): PlainRecords {
  const delimiter = Buffer.from(signs.delimiter);
  const quote = signs.quote.charCodeAt(0);
  let starts = new Uint32Array(1024 * (fields + 1));
  let [at, count, used] = [0, 0, 0];
  while (at < bytes.length) {
    if (used + fields + 1 > starts.length) starts = grown(starts);
    for (let field = 0; field < fields; field++) {
      starts[used++] = at;
      if (bytes[at] === quote) at = closingQuote(bytes, at + 1, quote) + 1;
      at = endOf(bytes, at, delimiter);
      if (field < fields - 1) at += delimiter.length;
    }
    starts[used++] = at;
    count++;
    at += bytes[at] === CR && bytes[at + 1] === LF ? 2 : 1;
  }
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return { bytes: buffer, count, fields, starts, delimiterBytes: delimiter.length, quote };
}

function grown(starts: Uint32Array): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(starts.length * 2);
  larger.set(starts);
  return larger;
}

/** Where a cell begins, its quotes included. */
export const cellStart = ({ fields, starts }: PlainRecords, record: number, field: number): number =>
  starts[record * (fields + 1) + field] ?? 0;

/** Where a cell ends, its quotes included. */
export function cellEnd(records: PlainRecords, record: number, field: number): number {
  const next = records.starts[record * (records.fields + 1) + field + 1] ?? 0;
  return field === records.fields - 1 ? next : next - records.delimiterBytes;
}

/** The text of a cell. */
export function cellText(records: PlainRecords, record: number, field: number): string {
  const [start, end] = [cellStart(records, record, field), cellEnd(records, record, field)];
  const { bytes, quote } = records;
  if (bytes[start] !== quote || end - start < 2) return bytes.toString('utf8', start, end);
  const sign = String.fromCharCode(quote);
  return bytes.toString('utf8', start + 1, end - 1).replaceAll(sign + sign, sign);
}

function closingQuote(bytes: Uint8Array, from: number, quote: number): number {
  for (let at = from; at < bytes.length; at++) {
    if (bytes[at] !== quote) continue;
    if (bytes[at + 1] !== quote) return at;
    at++;
  }
  return bytes.length;
}

/** Where a cell that isn't quoted from here on ends. */
function endOf(bytes: Uint8Array, from: number, delimiter: Buffer): number {
  const first = delimiter[0];
  for (let at = from; at < bytes.length; at++) {
    const byte = bytes[at];
    if (byte === LF || byte === CR) return at;
    if (byte === first && (delimiter.length === 1 || isAt(bytes, at, delimiter))) return at;
  }
  return bytes.length;
}

function isAt(bytes: Uint8Array, at: number, delimiter: Buffer): boolean {
  for (let n = 1; n < delimiter.length; n++) if (bytes[at + n] !== delimiter[n]) return false;
  return true;
}
