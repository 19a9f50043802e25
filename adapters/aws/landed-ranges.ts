import { Buffer } from 'node:buffer';
import type { SourceContract } from '../../etl/contract/contract.ts';
import { openFile } from '../../etl/csv/open-file.ts';
import type { Opened } from '../../etl/csv/opened.ts';
import { readPieces } from '../../etl/csv/pieces.ts';
import { headBytes, textStart } from '../../etl/csv/text.ts';
import { ByteWindow } from '../../etl/csv/window.ts';
import { DataError } from '../../etl/errors.ts';
import { bronzePrefix, isArchive, isWorkbook, safeFileName } from '../../etl/naming/bronze.ts';
import type { OpenScratch } from '../../etl/ports.ts';
import { type ProtectingParts, protectedBytes } from '../../etl/privacy/protect-source.ts';
import { secretScratch } from '../../etl/privacy/secret-scratch.ts';
import type { LandedFile } from './s3-landing.ts';

/** Where a record begins in a file: its byte, and its number. */
export interface RecordStart {
  readonly byte: number;
  readonly row: number;
}

/** A file that is read by ranges of whole records. */
export interface LandedRanges {
  /** Where the first record begins. */
  readonly first: RecordStart;
  /** The header as it goes to Bronze. */
  header(parts: ProtectingParts): Promise<Buffer>;
  /** Where the record begins that follows so many bytes, or the file's end. */
  after(start: RecordStart, bytes: number): Promise<RecordStart>;
  /** The protected records from one place to another, without a header. */
  protectedBytes(
    range: { readonly from: RecordStart; readonly until: RecordStart },
    parts: ProtectingParts,
  ): AsyncGenerator<Buffer>;
}

/**
 * Opens a file to read it by ranges. Throws DataError `NOT_READABLE` where it can't be read, and `NOT_CUT` where it can't be
 * read from its middle on: packed, a workbook, UTF-16.
 */
export async function openRanges(
  file: LandedFile,
  contract: SourceContract,
  openScratch: OpenScratch,
): Promise<LandedRanges> {
  const { opened, first } = await openAtFirst(file, contract, openScratch);
  const windowOf = (start: number, end: number): ByteWindow => new ByteWindow(file.read({ start, end }));
  async function* recordsOf(
    { from, until }: { readonly from: RecordStart; readonly until: RecordStart },
    parts: ProtectingParts,
  ): AsyncGenerator<Buffer> {
    const range: Opened = {
      ...opened,
      window: windowOf(from.byte, until.byte),
      first: { row: from.row, line: from.row },
    };
    const open = async () => ({ opened: range, scratch: secretScratch(await openScratch('protect')) });
    yield* protectedBytes({ name: file.name, digest: '', open }, parts);
  }
  const header = async (parts: ProtectingParts): Promise<Buffer> => {
    const pieces: Buffer[] = [];
    for await (const piece of recordsOf({ from: first, until: first }, parts))
      pieces.push(Buffer.from(piece));
    return Buffer.concat(pieces);
  };
  return {
    first,
    header,
    async after({ byte, row }, bytes) {
      const window = new ByteWindow(slices(file.read({ start: byte, end: file.sizeBytes })));
      let next = row;
      try {
        for await (const piece of readPieces(window, opened.format, { row, line: row })) {
          next += piece.rows;
          if (window.position >= bytes) return { byte: byte + window.position, row: next };
        }
        return { byte: file.sizeBytes, row: next };
      } finally {
        await window.close();
      }
    },
    async *protectedBytes(range, parts) {
      let left = (await header(parts)).length;
      for await (const piece of recordsOf(range, parts)) {
        const taken = Math.min(left, piece.length);
        left -= taken;
        if (taken < piece.length) yield piece.subarray(taken);
      }
    },
  };
}

/** A stream in small pieces: a place between records is looked for at the end of each. */
async function* slices(stream: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const piece of stream)
    for (let at = 0; at < piece.length; at += SLICE_BYTES) yield piece.subarray(at, at + SLICE_BYTES);
}

const SLICE_BYTES = 256 * 1024;

/** The file's layout, and where its first record begins. */
async function openAtFirst(
  file: LandedFile,
  contract: SourceContract,
  openScratch: OpenScratch,
): Promise<{ opened: Opened; first: RecordStart }> {
  const key = bronzePrefix(contract.dataset) + safeFileName(file.name);
  const start =
    isArchive(key) || isWorkbook(key)
      ? undefined
      : textStart(await headOf(file, contract), contract.csv.encodings);
  if (start === undefined)
    throw new DataError(
      'NOT_CUT',
      `${file.name} is packed, a workbook or UTF-16, and can't be read from its middle on`,
    );
  const scratch = secretScratch(await openScratch('protect'));
  try {
    const data = { stream: () => file.read() };
    const opened = await openFile({ index: 0, key }, { contract, data, scratch });
    if (opened.kind !== 'open')
      throw new DataError(
        'NOT_READABLE',
        `${file.name} can't be read: ${opened.kind === 'empty' ? 'it is empty' : opened.why}`,
      );
    await opened.window.close();
    return { opened, first: { byte: start + opened.window.position, row: 1 } };
  } finally {
    await scratch.dispose();
  }
}

async function headOf(file: LandedFile, { csv }: SourceContract): Promise<Buffer> {
  const pieces: Buffer[] = [];
  const end = Math.min(file.sizeBytes, Math.max(headBytes(csv.encodings), 512));
  for await (const piece of file.read({ start: 0, end })) pieces.push(Buffer.from(piece));
  return Buffer.concat(pieces);
}
