import { Buffer } from 'node:buffer';
import type { Encoding } from '../contract/contract.ts';
import { isReadyUtf8, rawText, toUtf8 } from './decode.ts';
import {
  isBlank,
  newScan,
  type RecordFormat,
  type RecordScan,
  readRecord,
  type StructureProblem,
} from './record.ts';
import type { ByteWindow } from './window.ts';

/** A record that can't be parsed, with what a person needs to find it. */
export interface BrokenRecord {
  /** 1-based among the file's data records. */
  readonly row: number;
  /** 1-based physical line on which the record begins. */
  readonly line: number;
  readonly problem: StructureProblem;
  readonly text: string;
}

/**
 * Some consecutive records as DuckDB may read them: UTF-8, every record of the right width, all ended
 * alike. A broken record, or a blank one of another width, is replaced by one without any value, so that
 * the n-th record of the text is still the n-th record of the source.
 */
export interface Piece {
  /** Good until the next piece is asked for: the window's buffer is used again. */
  readonly bytes: Uint8Array;
  readonly rows: number;
  readonly broken: readonly BrokenRecord[];
  readonly hasQuotedNewlines: boolean;
  /** Whether some value may begin or end with a blank. */
  readonly hasEdgeBlanks: boolean;
  /** Size of the longest record that another encoding's text became; 0 where there is none. */
  readonly longestDecodedBytes: number;
}

/** How to read a file's data records. */
export interface PieceFormat extends RecordFormat {
  readonly encodings: readonly Encoding[];
  readonly newline: '\n' | '\r\n';
}

/** Where a data record stands in its file: its number among the records, and the physical line on which it begins; both from 1. */
export interface StartPosition {
  readonly row: number;
  readonly line: number;
}

/** The data records of a file, piece by piece, in order. The window stands behind the header. */
export async function* readPieces(
  window: ByteWindow,
  format: PieceFormat,
  start: StartPosition,
): AsyncGenerator<Piece> {
  const reader = new PieceReader(format, start);
  while (!window.final || window.start < window.limit) {
    const piece = reader.read(window);
    if (piece.rows > 0) yield piece;
    if (!window.final) await window.fill();
  }
}

/** Goes through one window at a time, copying whole runs of regular records and mending the others. */
class PieceReader {
  readonly #format: PieceFormat;
  readonly #scan: RecordScan = newScan();
  readonly #newline: Uint8Array;
  readonly #mask: Uint8Array;
  #row: number;
  #line: number;
  #parts: Uint8Array[] = [];
  #broken: BrokenRecord[] = [];
  #hasEdgeBlanks = false;
  #longestDecodedBytes = 0;

  constructor(format: PieceFormat, start: StartPosition) {
    this.#format = format;
    this.#newline = Buffer.from(format.newline);
    const empty = format.fields === 1 ? String.fromCharCode(format.quote, format.quote) : '';
    this.#mask = Buffer.from(
      empty + String.fromCharCode(format.delimiter).repeat(format.fields - 1) + format.newline,
    );
    this.#row = start.row;
    this.#line = start.line;
  }

  read(window: ByteWindow): Piece {
    const { bytes, limit, final } = window;
    const scan = this.#scan;
    const firstRow = this.#row;
    let at = window.start;
    let run = at;
    let runRow = this.#row;
    let runLine = this.#line;
    let hasQuotedNewlines = false;
    let hasEdgeBlanks = false;
    this.#parts = [];
    this.#broken = [];
    this.#hasEdgeBlanks = false;
    this.#longestDecodedBytes = 0;
    while (at < limit && readRecord(bytes, at, limit, final, this.#format, scan)) {
      if (scan.problem !== undefined || !this.#endsAsUsual(bytes, scan)) {
        this.#takeRun(bytes, run, at, runRow, runLine);
        this.#takeRecord(bytes, at, this.#row, this.#line);
        run = scan.next;
        runRow = this.#row + 1;
        runLine = this.#line + 1 + scan.quotedNewlines;
      }
      hasQuotedNewlines ||= scan.quotedNewlines > 0;
      hasEdgeBlanks ||= scan.hasEdgeBlanks && scan.problem === undefined;
      this.#row++;
      this.#line += 1 + scan.quotedNewlines;
      at = scan.next;
    }
    this.#takeRun(bytes, run, at, runRow, runLine);
    window.start = at;
    const parts = this.#parts;
    return {
      bytes: parts.length === 1 ? (parts[0] as Uint8Array) : Buffer.concat(parts),
      rows: this.#row - firstRow,
      broken: this.#broken,
      hasQuotedNewlines,
      hasEdgeBlanks: hasEdgeBlanks || this.#hasEdgeBlanks,
      longestDecodedBytes: this.#longestDecodedBytes,
    };
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
    for (let at = start, n = 0, lines = 0; at < end; at = scan.next, n++, lines += 1 + scan.quotedNewlines) {
      readRecord(bytes, at, end, true, this.#format, scan);
      this.#takeText(bytes.subarray(at, scan.end), row + n, line + lines);
    }
  }

  /** Copies the record just scanned, or masks it where it is blank or broken. */
  #takeRecord(bytes: Uint8Array, start: number, row: number, line: number): void {
    const { end, problem } = this.#scan;
    const record = bytes.subarray(start, end);
    if (problem === undefined) {
      this.#takeText(record, row, line);
    } else {
      this.#parts.push(this.#mask);
      if (!isBlank(bytes, start, end, this.#format)) this.#takeBroken(record, row, line, problem);
    }
  }

  #takeText(record: Uint8Array, row: number, line: number): void {
    const utf8 = toUtf8(record, this.#format.encodings);
    if (utf8 === undefined) {
      this.#parts.push(this.#mask);
      this.#takeBroken(record, row, line, 'bytes that no listed encoding can read');
    } else {
      // A record in another encoding may hold a no-break space that the scanner did not know for one.
      if (utf8 !== record) {
        this.#hasEdgeBlanks = true;
        this.#longestDecodedBytes = Math.max(this.#longestDecodedBytes, utf8.length);
      }
      this.#parts.push(utf8, this.#newline);
    }
  }

  #takeBroken(record: Uint8Array, row: number, line: number, problem: StructureProblem): void {
    this.#broken.push({ row, line, problem, text: rawText(record, this.#format.encodings) });
  }
}
