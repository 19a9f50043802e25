import { Buffer } from 'node:buffer';
import { isDeepStrictEqual } from 'node:util';
import type { SourceContract } from '../contract/contract.ts';
import type { Scratch, ScratchFile } from '../ports.ts';
import type { Layout } from './layout.ts';
import { readRecord } from './record.ts';
import { newScan, recordFormat } from './record-format.ts';
import { plainSigns } from './rewrite.ts';
import { createSegmentFile } from './segment-file.ts';
import type { BrokenInFile, Segment, SegmentPart } from './segments.ts';
import { ByteWindow } from './window.ts';

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
  #longestMadeBytes = 0;

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
    this.#longestMadeBytes = Math.max(this.#longestMadeBytes, segment.longestMadeBytes);
    const endOf = recordEnds(segment, this.#contract);
    let part = 0;
    for (const run of wantedRuns(segment, positions)) {
      const window = new ByteWindow(this.#scratch.read(segment.path, run.bytes));
      let { position } = run;
      for (let wanted = 0; wanted < run.positions.length; ) {
        if (window.final) throw new RangeError(`the segment ends before record ${run.positions[wanted]}`);
        await window.fillMore();
        const picked: Uint8Array[] = [];
        for (let end = endOf(window); end !== undefined; end = endOf(window), position++) {
          if (position === run.positions[wanted]) {
            picked.push(window.bytes.subarray(window.start, end));
            while ((segment.parts[part + 1]?.offset ?? Number.POSITIVE_INFINITY) <= position) part++;
            this.#place(segment.parts[part], position);
            wanted++;
          }
          window.start = end;
        }
        // The window's bytes are good until it is filled again.
        await this.#write(Buffer.concat(picked));
      }
      await window.close();
    }
  }

  /** Notes where a part's record at a position comes from, as the next of those gathered. */
  #place(part: SegmentPart | undefined, position: number): void {
    if (part === undefined) throw new RangeError(`the segment has no record ${position}`);
    const { fileIndex } = part;
    const row = part.firstRow + position - part.offset;
    const before = this.#parts.at(-1);
    if (before?.fileIndex === fileIndex && before.firstRow + before.rows === row) before.rows++;
    else this.#parts.push({ fileIndex, offset: this.#rows, firstRow: row, rows: 1, withExtraEmpty: 0 });
    this.#rows++;
  }

  async #write(bytes: Uint8Array): Promise<void> {
    if (bytes.length === 0) return;
    if (this.#file === undefined)
      this.#file = (await createSegmentFile(this.#scratch, this.#name, bytes)).file;
    else await this.#file.write(bytes);
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
      longestMadeBytes: this.#longestMadeBytes,
      isDecoded: false,
    };
  }
}

/** Records to reread in one go: consecutive pieces that each hold a wanted one. */
interface WantedRun {
  bytes: { readonly start: number; readonly end?: number };
  /** Of the first record. */
  readonly position: number;
  /** Of the wanted ones, ascending. */
  readonly positions: number[];
}

function wantedRuns({ pieces }: Segment, positions: readonly number[]): WantedRun[] {
  const runs: WantedRun[] = [];
  let wanted = 0;
  for (const [n, piece] of pieces.entries()) {
    const { position, byte } = pieces[n + 1] ?? { position: Number.POSITIVE_INFINITY };
    const first = wanted;
    while ((positions[wanted] ?? Number.POSITIVE_INFINITY) < position) wanted++;
    if (wanted === first) continue;
    const own = positions.slice(first, wanted);
    const bytes = { start: piece.byte, ...(byte === undefined ? {} : { end: byte }) };
    const before = runs.at(-1);
    if (before?.bytes.end !== piece.byte) {
      runs.push({ bytes, position: piece.position, positions: own });
    } else {
      before.bytes = { ...bytes, start: before.bytes.start };
      for (const one of own) before.positions.push(one);
    }
  }
  return runs;
}

/** Finds where the record at a window's start ends, its terminator included; undefined where it isn't whole yet. */
function recordEnds(
  { hasQuotedNewlines, layout }: Segment,
  { csv }: SourceContract,
): (window: ByteWindow) => number | undefined {
  if (!hasQuotedNewlines) {
    return ({ bytes, start, limit }) => {
      const end = bytes.indexOf(LF, start) + 1;
      return end === 0 || end > limit ? undefined : end;
    };
  }
  const plain = plainSigns(csv);
  const format = recordFormat({ ...plain, escape: plain.quote }, layout.fields, Number.MAX_SAFE_INTEGER);
  const scan = newScan();
  return ({ bytes, start, limit, final }) =>
    start < limit && readRecord(bytes, start, limit, final, format, scan) ? scan.next : undefined;
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
