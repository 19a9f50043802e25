import { DataError } from '../errors.ts';
import { atMost, inFlight } from '../in-flight.ts';
import { isSealed } from '../naming/bronze.ts';
import { retryOf } from '../naming/decisions.ts';
import type { ScratchFile } from '../ports.ts';
import type { BrokenRecord } from './broken-record.ts';
import { isWide, type Layout } from './layout.ts';
import { type FileToRead, type OpenOptions, openFile } from './open-file.ts';
import type { Opened, Unopened } from './opened.ts';
import type { Piece } from './piece.ts';
import { readPieces } from './pieces.ts';
import { SameHeader } from './same-header.ts';
import { createSegmentFile } from './segment-file.ts';

/** Consecutive records of one file inside a segment. */
export interface SegmentPart {
  readonly fileIndex: number;
  /** Position of the part's first record in the segment, from 0. */
  readonly offset: number;
  /** source_row_number of that record. */
  readonly firstRow: number;
  rows: number;
  /** Those with empty fields past the header's width. */
  withExtraEmpty: number;
}

/** A broken record, and which file it is from. */
export interface BrokenInFile extends BrokenRecord {
  readonly fileIndex: number;
}

/** A scratch file of well-formed records of one layout, small enough for DuckDB to hold. */
export interface Segment {
  readonly path: string;
  readonly layout: Layout;
  readonly rows: number;
  readonly parts: readonly SegmentPart[];
  readonly broken: readonly BrokenInFile[];
  /** Where each piece of the text begins: byte, and position of its first record. Ordered. */
  readonly pieces: readonly { readonly byte: number; readonly position: number }[];
  readonly hasQuotedNewlines: boolean;
  readonly hasEdgeBlanks: boolean;
  readonly longestMadeBytes: number;
  readonly isDecoded: boolean;
}

/** Size at which a segment is closed: large enough to be worth a statement, small enough to hold several in memory. */
export const SEGMENT_BYTES = 48 * 1024 * 1024;

/** Size of the first segment at most; each of the next may be twice as large. */
const FIRST_BYTES = 8 * 1024 * 1024;

/** Records of many columns in a segment: past one vector DuckDB takes a block of 256 KiB for each column of a table. */
const WIDE_ROWS = 1500;

/** How reading a file, or its part of it, ended. */
export type FileOutcome = { readonly fileIndex: number } & (
  | {
      readonly kind: 'read';
      readonly records: number;
      /** Header lines among them that were passed over. */
      readonly repeatedHeaders: number;
      readonly note?: string;
    }
  | Unopened
);

export type SegmentEvent =
  | { readonly kind: 'segment'; readonly segment: Segment }
  | { readonly kind: 'file'; readonly outcome: FileOutcome };

/** What cutting needs beside the files. */
export interface CutOptions extends OpenOptions {
  /** A segment is closed at the first piece past this size; the first ones are smaller, so that work begins early. */
  readonly segmentBytes: number;
}

/**
 * Reads files into segments: each byte is looked at once, a large file becomes several segments, and
 * neighbouring small files of the same layout share one. Outcomes come as soon as they are known.
 */
export async function* cutSegments(
  files: readonly FileToRead[],
  options: CutOptions,
): AsyncGenerator<SegmentEvent> {
  const builder = new SegmentBuilder(options);
  for await (const { file, opened } of openAhead(files, { ...options, header: new SameHeader() })) {
    const { index: fileIndex, span } = file;
    if (opened.kind !== 'open') {
      yield { kind: 'file', outcome: { ...opened, fileIndex } };
      continue;
    }
    yield* builder.startFile(fileIndex, opened);
    let repeatedHeaders = 0;
    for await (const piece of readPieces(opened.window, opened.format, opened.first)) {
      repeatedHeaders += piece.repeatedHeaders;
      yield* builder.add(piece);
    }
    const records = builder.fileRows;
    if (span !== undefined && span.records !== records) {
      const found = `bytes ${span.start} to ${span.end} of ${file.key} hold ${records} records`;
      throw new DataError('SPAN_MISCOUNTED', `${found}, and ${span.records} were counted before.`);
    }
    const { note } = opened;
    yield {
      kind: 'file',
      outcome: { fileIndex, kind: 'read', records, repeatedHeaders, ...(note === undefined ? {} : { note }) },
    };
  }
  yield* builder.finish();
}

/** Whether a file of a dataset that protects columns came without being protected. */
function isUnprotected({ key }: FileToRead, { contract }: OpenOptions): boolean {
  const isOurs = isSealed(key) || retryOf(contract.dataset, key) !== undefined;
  return !isOurs && contract.columns.some(({ protect }) => protect !== undefined && protect.as !== 'clear');
}

const UNPROTECTED: Unopened = {
  kind: 'rejected',
  why: 'it came before the dataset was protected, and its personal values are in the clear: bring its source into a dataset of another name, as docs/privacy.md says',
};

/** Many small files are waited for together; each holds a few MiB at most while it waits for its turn. */
const FILES_AHEAD = 8;

/** Opens files before their turn comes; closes each when the next is asked for, and all where none is any more. */
async function* openAhead(
  files: readonly FileToRead[],
  options: OpenOptions,
): AsyncGenerator<{ readonly file: FileToRead; readonly opened: Opened | Unopened }> {
  const windows = new Set<Opened['window']>();
  const opening = inFlight(files, atMost(FILES_AHEAD), async (file) => {
    const opened = isUnprotected(file, options) ? UNPROTECTED : await openFile(file, options);
    if (opened.kind === 'open') windows.add(opened.window);
    return { file, opened };
  });
  try {
    for await (const next of opening) {
      yield next;
      if (next.opened.kind !== 'open') continue;
      windows.delete(next.opened.window);
      await next.opened.window.close();
    }
  } finally {
    await Promise.all([...windows].map((window) => window.close()));
  }
}

/** Gathers pieces into the segment that is open, and closes it when it is full or the layout changes. */
class SegmentBuilder {
  readonly #options: CutOptions;
  #layout: Layout | undefined;
  #signature = '';
  #file: ScratchFile | undefined;
  #bytes = 0;
  #rows = 0;
  #parts: SegmentPart[] = [];
  #broken: BrokenInFile[] = [];
  #pieces: { byte: number; position: number }[] = [];
  #hasQuotedNewlines = false;
  #hasEdgeBlanks = false;
  #longestMadeBytes = 0;
  #isDecoded = false;
  #fileIndex = -1;
  #firstRow = 1;
  #fileRows = 0;
  #count = 0;

  constructor(options: CutOptions) {
    this.#options = options;
  }

  async *startFile(fileIndex: number, { layout, first }: Opened): AsyncGenerator<SegmentEvent> {
    const signature = layout === this.#layout ? this.#signature : JSON.stringify(layout);
    if (signature !== this.#signature) yield* this.finish();
    this.#layout = layout;
    this.#signature = signature;
    this.#fileIndex = fileIndex;
    this.#firstRow = first.row;
    this.#fileRows = 0;
  }

  async *add(piece: Piece): AsyncGenerator<SegmentEvent> {
    const isLong = this.#rows >= WIDE_ROWS && isWide(this.#layout?.fields ?? 0);
    if (isLong || this.#bytes >= Math.min(this.#options.segmentBytes, FIRST_BYTES * 2 ** this.#count))
      yield* this.finish();
    if (this.#file === undefined) {
      const name = `segment-${this.#count++}.csv`;
      const { file, start } = await createSegmentFile(this.#options.scratch, name, piece.bytes);
      this.#file = file;
      this.#bytes = start;
    } else await this.#file.write(piece.bytes);
    this.#pieces.push({ byte: this.#bytes, position: this.#rows });
    this.#bytes += piece.bytes.length;
    const part = this.#parts.at(-1);
    const [fileIndex, firstRow] = [this.#fileIndex, this.#firstRow + this.#fileRows];
    if (part?.fileIndex === fileIndex && part.firstRow + part.rows === firstRow) {
      part.rows += piece.rows;
      part.withExtraEmpty += piece.withExtraEmpty;
    } else {
      const { rows, withExtraEmpty } = piece;
      this.#parts.push({ fileIndex, offset: this.#rows, firstRow, rows, withExtraEmpty });
    }
    for (const record of piece.broken) this.#broken.push({ ...record, fileIndex: this.#fileIndex });
    this.#rows += piece.rows;
    this.#fileRows += piece.rows;
    this.#hasQuotedNewlines ||= piece.hasQuotedNewlines;
    this.#hasEdgeBlanks ||= piece.hasEdgeBlanks;
    this.#longestMadeBytes = Math.max(this.#longestMadeBytes, piece.longestMadeBytes);
    this.#isDecoded ||= piece.isDecoded;
  }

  /** How many records of the file there were so far. */
  get fileRows(): number {
    return this.#fileRows;
  }

  /** Closes the open segment, if there is one. */
  async *finish(): AsyncGenerator<SegmentEvent> {
    if (this.#file === undefined || this.#layout === undefined) return;
    await this.#file.close();
    const segment: Segment = {
      path: this.#file.path,
      layout: this.#layout,
      rows: this.#rows,
      parts: this.#parts,
      broken: this.#broken,
      pieces: this.#pieces,
      hasQuotedNewlines: this.#hasQuotedNewlines,
      hasEdgeBlanks: this.#hasEdgeBlanks,
      longestMadeBytes: this.#longestMadeBytes,
      isDecoded: this.#isDecoded,
    };
    this.#file = undefined;
    this.#bytes = 0;
    this.#rows = 0;
    this.#parts = [];
    this.#broken = [];
    this.#pieces = [];
    this.#hasQuotedNewlines = false;
    this.#hasEdgeBlanks = false;
    this.#longestMadeBytes = 0;
    this.#isDecoded = false;
    yield { kind: 'segment', segment };
  }
}
