import { isUtf8 } from 'node:buffer';
import { type BrokenRecord, describeBroken, describeLong, LongRecord } from '../csv/broken-record.ts';
import { passLine } from '../csv/pass-line.ts';
import type { Piece, PieceFormat, StartPosition } from '../csv/piece.ts';
import { newScan, type RecordScan, type StructureProblem } from '../csv/record-format.ts';
import type { ByteWindow } from '../csv/window.ts';
import { brokenLine } from './broken-line.ts';
import { readLine } from './read-line.ts';
import { RecordScanner } from './scan-record.ts';
import type { JsonShape } from './shape.ts';
import { FieldWriter } from './write-fields.ts';

type JsonFormat = PieceFormat & { readonly json: JsonShape };

/** Reads lines of JSON as pieces of CSV in plain signs: a field for each wanted value, one for the unknown members. */
export class JsonPieces {
  readonly #format: JsonFormat;
  readonly #line: RecordScan = newScan();
  readonly #scanner: RecordScanner;
  readonly #writer: FieldWriter;
  #row: number;
  #broken: BrokenRecord[] = [];
  #isAtLong = false;
  /** Whether all lines that are whole in the window are UTF-8. */
  #isUtf8 = false;

  constructor(format: JsonFormat, { row }: StartPosition) {
    this.#format = format;
    this.#scanner = new RecordScanner(format.json);
    this.#writer = new FieldWriter(format.json);
    this.#row = row;
  }

  /** Whether the window is at a line that is longer than the limit and continues past it. */
  get isAtLong(): boolean {
    return this.#isAtLong;
  }

  /** The lines that are whole in the window, up to one that is too long. */
  read(window: ByteWindow): Piece {
    const { bytes, limit, final } = window;
    const line = this.#line;
    const firstRow = this.#row;
    let at = window.start;
    this.#begin();
    const end = final ? limit : Math.max(at, bytes.lastIndexOf(LF, limit - 1) + 1);
    this.#isUtf8 = isUtf8(bytes.subarray(at, end));
    while (at < limit && readLine(bytes, at, limit, final, this.#format, line)) {
      if (line.goesOn) {
        this.#isAtLong = true;
        break;
      }
      this.#take(bytes, at, line);
      this.#row++;
      at = line.next;
    }
    window.start = at;
    return this.#piece(this.#row - firstRow);
  }

  /** The one line that is too long, of which only an excerpt is kept. */
  async readLong(window: ByteWindow): Promise<Piece> {
    this.#begin();
    const long = new LongRecord();
    await passLine(window, (bytes) => long.take(bytes), this.#format);
    this.#writer.blank();
    this.#broken.push(describeLong(long, this.#place(), this.#format));
    this.#row++;
    return this.#piece(1);
  }

  #begin(): void {
    this.#broken = [];
    this.#isAtLong = false;
    this.#writer.begin();
  }

  /** A line is a record, so that both have one number. */
  #place(): Pick<BrokenRecord, 'row' | 'line' | 'lines'> {
    return { row: this.#row, line: this.#row, lines: 1 };
  }

  #take(bytes: Uint8Array, start: number, { end, next, problem }: RecordScan): void {
    const scanner = this.#scanner;
    if (problem !== undefined) {
      // With the carriage return, as where it is passed piece by piece.
      const long = new LongRecord().take(bytes.subarray(start, bytes[next - 1] === LF ? next - 1 : next));
      this.#writer.blank();
      this.#broken.push(describeLong(long, this.#place(), this.#format));
    } else if (isBlankLine(bytes, start, end)) this.#writer.blank();
    else if (!this.#isUtf8 && !isUtf8(bytes.subarray(start, end)))
      this.#takeBroken(bytes.subarray(start, end), 'bytes that are not UTF-8');
    else if (scanner.scan(bytes, start, end)) this.#writer.record(bytes, scanner);
    else {
      const broken = brokenLine(bytes, start, scanner);
      if (broken !== undefined) this.#takeBroken(bytes.subarray(start, end), broken.problem, broken.detail);
    }
  }

  #takeBroken(record: Uint8Array, problem: StructureProblem, detail?: string): void {
    this.#writer.blank();
    const broken = describeBroken(record, this.#place(), { problem, format: this.#format });
    this.#broken.push({ ...broken, detail });
  }

  #piece(rows: number): Piece {
    const { written, hasLineEnds, hasEdgeBlanks, longestBytes } = this.#writer;
    return {
      bytes: written,
      rows,
      broken: this.#broken,
      hasQuotedNewlines: hasLineEnds,
      hasEdgeBlanks,
      longestMadeBytes: longestBytes,
      isDecoded: false,
      withExtraEmpty: 0,
      repeatedHeaders: 0,
    };
  }
}

const LF = 10;

/** Whether a line has nothing but blanks. */
export function isBlankLine(bytes: Uint8Array, start: number, end: number): boolean {
  let at = start;
  while (at < end && (bytes[at] === 32 || bytes[at] === 9 || bytes[at] === 13)) at++;
  return at >= end;
}
