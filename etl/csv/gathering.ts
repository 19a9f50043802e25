import { Buffer } from 'node:buffer';
import { isDeepStrictEqual } from 'node:util';
import type { SourceContract } from '../contract/contract.ts';
import type { Scratch, ScratchFile } from '../ports.ts';
import { recordFormat } from './header.ts';
import type { Layout } from './layout.ts';
import { newScan, readRecord } from './record.ts';
import type { BrokenInFile, Segment, SegmentPart } from './segments.ts';

const LF = 10;

/** What a gathering needs. */
export interface GatheringOptions {
  readonly contract: SourceContract;
  readonly scratch: Scratch;
  /** Of its scratch file. */
  readonly name: string;
}

/**
 * Some records of segments of one layout, gathered into a segment of their own; each still names its place in its
 * source. Records that can't be parsed come along.
 */
export class Gathering {
  readonly #contract: SourceContract;
  readonly #scratch: Scratch;
  readonly #name: string;
  readonly #layout: Layout;
  readonly #parts: SegmentPart[] = [];
  readonly #broken: BrokenInFile[] = [];
  #file: ScratchFile | undefined;
  #rows = 0;
  #sizeBytes = 0;
  #hasQuotedNewlines = false;
  #hasEdgeBlanks = false;
  #longestDecodedBytes = 0;

  constructor(layout: Layout, { contract, scratch, name }: GatheringOptions) {
    this.#layout = layout;
    this.#contract = contract;
    this.#scratch = scratch;
    this.#name = name;
  }

  /** Bytes of what was gathered. */
  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** Whether records of another layout's segments may join. */
  accepts(layout: Layout): boolean {
    return isDeepStrictEqual(layout, this.#layout);
  }

  /** Adds a segment's records at some positions (ascending). Only the pieces that hold one are read again. */
  async add(segment: Segment, positions: readonly number[]): Promise<void> {
    for (const record of segment.broken) {
      this.#broken.push(record);
      this.#sizeBytes += record.text.length;
    }
    this.#hasQuotedNewlines ||= segment.hasQuotedNewlines;
    this.#hasEdgeBlanks ||= segment.hasEdgeBlanks;
    this.#longestDecodedBytes = Math.max(this.#longestDecodedBytes, segment.longestDecodedBytes);
    const endOf = recordEnds(segment, this.#contract);
    let wanted = 0;
    let part = 0;
    for (const [n, piece] of segment.pieces.entries()) {
      const following = segment.pieces[n + 1];
      if (wanted >= positions.length) break;
      if (following !== undefined && (positions[wanted] ?? 0) >= following.position) continue;
      const bytes = await readRange(this.#scratch, segment.path, piece.byte, following?.byte);
      const picked: Uint8Array[] = [];
      for (let at = 0, next = 0, position = piece.position; at < bytes.length; at = next, position++) {
        next = endOf(bytes, at);
        if (position !== positions[wanted]) continue;
        picked.push(bytes.subarray(at, next));
        while ((segment.parts[part + 1]?.offset ?? Number.POSITIVE_INFINITY) <= position) part++;
        this.#place(segment.parts[part], position);
        wanted++;
      }
      await this.#write(Buffer.concat(picked));
    }
  }

  /** Notes where a part's record at a position comes from, as the next of those gathered. */
  #place(part: SegmentPart | undefined, position: number): void {
    if (part === undefined) throw new RangeError(`the segment has no record ${position}`);
    const { fileIndex } = part;
    const row = part.firstRow + position - part.offset;
    const before = this.#parts.at(-1);
    if (before?.fileIndex === fileIndex && before.firstRow + before.rows === row) before.rows++;
    else this.#parts.push({ fileIndex, offset: this.#rows, firstRow: row, rows: 1 });
    this.#rows++;
  }

  async #write(bytes: Uint8Array): Promise<void> {
    this.#file ??= await this.#scratch.create(this.#name);
    await this.#file.write(bytes);
    this.#sizeBytes += bytes.length;
  }

  /** The segment of what was gathered. */
  async close(): Promise<Segment> {
    this.#file ??= await this.#scratch.create(this.#name);
    await this.#file.close();
    return {
      path: this.#file.path,
      layout: this.#layout,
      rows: this.#rows,
      parts: this.#parts,
      broken: this.#broken,
      pieces: [],
      hasQuotedNewlines: this.#hasQuotedNewlines,
      hasEdgeBlanks: this.#hasEdgeBlanks,
      longestDecodedBytes: this.#longestDecodedBytes,
    };
  }
}

/** Finds where the record at a byte ends, its terminator included; every record of a segment has one. */
function recordEnds(
  { hasQuotedNewlines, layout }: Segment,
  { csv }: SourceContract,
): (bytes: Buffer, start: number) => number {
  if (!hasQuotedNewlines) return (bytes, start) => bytes.indexOf(LF, start) + 1;
  const format = recordFormat(csv, layout.fields, Number.MAX_SAFE_INTEGER);
  const scan = newScan();
  return (bytes, start) => {
    readRecord(bytes, start, bytes.length, true, format, scan);
    return scan.next;
  };
}

async function readRange(scratch: Scratch, path: string, start: number, end?: number): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of scratch.read(path, { start, ...(end === undefined ? {} : { end }) }))
    pieces.push(Uint8Array.from(piece));
  return Buffer.concat(pieces);
}

/** The positions in a segment of some records of its files, ascending. */
export function positionsOf(segment: Segment, rowsOf: (fileIndex: number) => readonly number[]): number[] {
  return segment.parts.flatMap((part) =>
    rowsOf(part.fileIndex)
      .filter((row) => row >= part.firstRow && row < part.firstRow + part.rows)
      .map((row) => part.offset + row - part.firstRow)
      .sort((a, b) => a - b),
  );
}
