import { Buffer } from 'node:buffer';
import { JsonPieces } from '../jsonl/json-pieces.ts';
import { type BrokenRecord, describeBroken, describeLong, LongRecord } from './broken-record.ts';
import { isReadyUtf8, toUtf8 } from './decode.ts';
import { passLine } from './pass-line.ts';
import type { Piece, PieceFormat, StartPosition } from './piece.ts';
import { isBlank, readRecord } from './record.ts';
import { linesOf, newScan, type RecordScan } from './record-format.ts';
import { RegularRecords } from './regular-records.ts';
import { isAlwaysRewritten, rewriteRecord } from './rewrite.ts';
import { readSealedLine } from './sealed-line.ts';
import type { ByteWindow } from './window.ts';

/** The data records of a file, piece by piece, in order. The window stands behind the header. */
export async function* readPieces(
  window: ByteWindow,
  format: PieceFormat,
  start: StartPosition,
): AsyncGenerator<Piece> {
  const { json } = format;
  const reader =
    json === undefined ? new PieceReader(format, start) : new JsonPieces({ ...format, json }, start);
  while (!window.final || window.start < window.limit) {
    const piece = reader.read(window);
    if (piece.rows > 0) yield piece;
    if (reader.isAtLong) yield await reader.readLong(window);
    else if (!window.final) await window.fillMore();
  }
}

/** Goes through one window at a time, copying whole runs of regular records and mending the others. */
class PieceReader {
  readonly #format: PieceFormat;
  readonly #scan: RecordScan = newScan();
  readonly #regular: RegularRecords;
  readonly #newline: Uint8Array;
  readonly #mask: Uint8Array;
  readonly #isAlwaysRewritten: boolean;
  #row: number;
  #line: number;
  #parts: Uint8Array[] = [];
  #broken: BrokenRecord[] = [];
  #hasEdgeBlanks = false;
  #longestMadeBytes = 0;
  #isDecoded = false;
  #isAtLong = false;
  #repeatedHeaders = 0;

  constructor(format: PieceFormat, start: StartPosition) {
    const { newline, plain, fields } = format;
    this.#format = format;
    this.#regular = new RegularRecords(format);
    this.#newline = Buffer.from(newline);
    const empty = fields === 1 ? plain.quote.repeat(2) : '';
    this.#mask = Buffer.from(empty + plain.delimiter.repeat(fields - 1) + newline);
    this.#isAlwaysRewritten = isAlwaysRewritten(format);
    this.#row = start.row;
    this.#line = start.line;
  }

  /** Whether the window is at a record that is longer than the limit and continues past it. */
  get isAtLong(): boolean {
    return this.#isAtLong;
  }

  /** The records that are whole in the window, up to one that is too long. */
  read(window: ByteWindow): Piece {
    const { bytes, limit, final } = window;
    const scan = this.#scan;
    const { repeatedHeader } = this.#format;
    const firstRow = this.#row;
    let at = window.start;
    let run = at;
    let runRow = this.#row;
    let runLine = this.#line;
    let hasQuotedNewlines = false;
    let hasEdgeBlanks = false;
    let withExtraEmpty = 0;
    this.#begin();
    for (;;) {
      at = this.#passRegular(bytes, at, limit);
      hasEdgeBlanks ||= this.#regular.hasEdgeBlanks;
      if (at >= limit || !readRecord(bytes, at, limit, final, this.#format, scan)) break;
      if (scan.goesOn) {
        this.#isAtLong = true;
        break;
      }
      const isHeader = repeatedHeader?.isAt(bytes, at, scan.end) === true;
      if (isHeader || this.#isIrregular(bytes, scan)) {
        this.#takeRun(bytes, run, at, runRow, runLine);
        if (isHeader) this.#takeHeader(bytes, at, repeatedHeader.isSkipped);
        else this.#takeRecord(bytes, at, this.#row, this.#line);
        run = scan.next;
        runRow = this.#row + 1;
        runLine = this.#line + linesOf(scan, this.#format);
        if (scan.hasExtraEmpty && scan.problem === undefined) withExtraEmpty++;
      }
      this.#noteSealed(scan.next - at);
      if (scan.problem === undefined) {
        hasQuotedNewlines ||= scan.quotedNewlines > 0;
        hasEdgeBlanks ||= scan.hasEdgeBlanks;
      }
      this.#row++;
      this.#line += linesOf(scan, this.#format);
      at = scan.next;
    }
    this.#takeRun(bytes, run, at, runRow, runLine);
    window.start = at;
    return this.#piece({ rows: this.#row - firstRow, hasQuotedNewlines, hasEdgeBlanks, withExtraEmpty });
  }

  /** Passes over regular records from a place on; returns the place behind them. */
  #passRegular(bytes: Uint8Array, at: number, limit: number): number {
    const regular = this.#regular;
    regular.pass(bytes, at, limit);
    this.#row += regular.rows;
    this.#line += regular.rows;
    this.#noteSealed(regular.longestBytes);
    return regular.next;
  }

  /** A sealed record may be longer than the limit of its source's. */
  #noteSealed(bytes: number): void {
    if (this.#format.isSealed === true && bytes > this.#longestMadeBytes) this.#longestMadeBytes = bytes;
  }

  /** The one record that is too long, of which only an excerpt is kept. */
  async readLong(window: ByteWindow): Promise<Piece> {
    this.#begin();
    const long = new LongRecord();
    await passLine(window, (bytes) => long.take(bytes));
    this.#parts.push(this.#mask);
    this.#broken.push(describeLong(long, { row: this.#row, line: this.#line, lines: 1 }, this.#format));
    this.#row++;
    this.#line++;
    return this.#piece({ rows: 1, hasQuotedNewlines: false, hasEdgeBlanks: false, withExtraEmpty: 0 });
  }

  #begin(): void {
    this.#parts = [];
    this.#broken = [];
    this.#hasEdgeBlanks = false;
    this.#longestMadeBytes = 0;
    this.#isDecoded = false;
    this.#isAtLong = false;
    this.#repeatedHeaders = 0;
  }

  #piece(seen: Pick<Piece, 'rows' | 'hasQuotedNewlines' | 'hasEdgeBlanks' | 'withExtraEmpty'>): Piece {
    const parts = this.#parts;
    return {
      ...seen,
      bytes: parts.length === 1 ? (parts[0] as Uint8Array) : Buffer.concat(parts),
      broken: this.#broken,
      hasEdgeBlanks: seen.hasEdgeBlanks || this.#hasEdgeBlanks,
      longestMadeBytes: this.#longestMadeBytes,
      isDecoded: this.#isDecoded,
      repeatedHeaders: this.#repeatedHeaders,
    };
  }

  /** Whether a record must be rewritten first. */
  #isIrregular(bytes: Uint8Array, scan: RecordScan): boolean {
    const isUsual = scan.problem === undefined && !scan.needsRewriting && !this.#isAlwaysRewritten;
    return !isUsual || !this.#endsAsUsual(bytes, scan);
  }

  #endsAsUsual(bytes: Uint8Array, scan: RecordScan): boolean {
    const length = scan.next - scan.end;
    return length === this.#newline.length && bytes[scan.end] === this.#newline[0];
  }

  /** Copies records that are regular in structure; record by record only where their bytes are not ready. */
  #takeRun(bytes: Uint8Array, start: number, end: number, row: number, line: number): void {
    if (start === end) return;
    const run = bytes.subarray(start, end);
    if (isReadyUtf8(run, this.#format.encodings)) {
      this.#parts.push(run);
      return;
    }
    const scan = newScan();
    for (
      let at = start, n = 0, lines = 0;
      at < end;
      at = scan.next, n++, lines += linesOf(scan, this.#format)
    ) {
      readRecord(bytes, at, end, true, this.#format, scan);
      const place = { row: row + n, line: line + lines, lines: linesOf(scan, this.#format) };
      this.#takeText(bytes.subarray(at, scan.end), place, false);
    }
  }

  /** Copies the record just scanned, or masks it where it is blank or broken. */
  #takeRecord(bytes: Uint8Array, start: number, row: number, line: number): void {
    const scan = this.#scan;
    const { end, problem } = scan;
    const record = bytes.subarray(start, end);
    const place = { row, line, lines: linesOf(scan, this.#format) };
    if (problem === undefined) {
      this.#takeText(record, place, scan.needsRewriting || this.#isAlwaysRewritten);
      return;
    }
    this.#parts.push(this.#mask);
    if (problem === 'a record longer than the limit') {
      this.#broken.push(describeLong(new LongRecord().take(record), place, this.#format));
    } else if (!isBlank(bytes, start, end, this.#format)) {
      const sealed = this.#format.isSealed === true ? readSealedLine(record, this.#format) : undefined;
      if (sealed !== undefined) this.#broken.push({ ...place, ...sealed, hash: undefined });
      else this.#broken.push(describeBroken(record, place, { scan, problem, format: this.#format }));
    }
  }

  /** Masks a header line: a skipped one becomes a blank record, any other a broken one. */
  #takeHeader(bytes: Uint8Array, start: number, isSkipped: boolean): void {
    this.#parts.push(this.#mask);
    if (isSkipped) {
      this.#repeatedHeaders++;
      return;
    }
    const place = { row: this.#row, line: this.#line, lines: linesOf(this.#scan, this.#format) };
    const found = { problem: 'the header line again', format: this.#format } as const;
    this.#broken.push(describeBroken(bytes.subarray(start, this.#scan.end), place, found));
  }

  #takeText(
    record: Uint8Array,
    place: Pick<BrokenRecord, 'row' | 'line' | 'lines'>,
    isRewritten: boolean,
  ): void {
    const { encodings, plain } = this.#format;
    const utf8 = toUtf8(record, encodings);
    if (utf8 === undefined) {
      const problem = 'bytes that no listed encoding can read';
      this.#parts.push(this.#mask);
      this.#broken.push(describeBroken(record, place, { problem, format: this.#format }));
      return;
    }
    // In another encoding the record may hold a no-break space that the scanner missed.
    if (utf8 !== record) {
      this.#hasEdgeBlanks = true;
      this.#isDecoded = true;
    }
    const text = isRewritten ? rewriteRecord(utf8, this.#format, plain) : utf8;
    if (text !== record) this.#longestMadeBytes = Math.max(this.#longestMadeBytes, text.length);
    this.#parts.push(text, this.#newline);
  }
}
