import { Buffer } from 'node:buffer';
import { open } from 'node:fs/promises';
import { gunzip } from '../../../etl/csv/gunzip.ts';
import { isZstd, unzstd } from '../../../etl/csv/zstd.ts';
import { DataError, messageOf } from '../../../etl/errors.ts';
import { readPieces } from '../file-bytes.ts';
import { guarded } from '../file-errors.ts';

const HEAD_BYTES = 4;

/** Whether the text of a file is its bytes: it is not packed, and no mark stands before it. */
export async function isBareText(file: string): Promise<boolean> {
  const head = await headOf(file);
  return wayOf(head, file) === undefined && markBytes(head) === 0;
}

/**
 * The text of a file of events in pieces, each good until the next is asked for: unpacked where its first bytes are those of
 * gzip or zstd, and without the mark of UTF-8. DataError `PACKED_DAMAGED` for what can't be unpacked, `NOT_UTF8` for UTF-16.
 */
export async function* eventText(file: string): AsyncGenerator<Uint8Array> {
  const unpack = wayOf(await headOf(file), file);
  const raw = readPieces(file, file);
  const pieces = unpack === undefined ? raw : unpacked(unpack(raw), file);
  let head: Uint8Array | undefined = new Uint8Array();
  for await (const piece of pieces) {
    if (head === undefined) {
      yield piece;
      continue;
    }
    head = Buffer.concat([head, piece]);
    if (head.length < HEAD_BYTES) continue;
    yield withoutMark(head, file);
    head = undefined;
  }
  if (head !== undefined) yield withoutMark(head, file);
}

async function headOf(file: string): Promise<Uint8Array> {
  return await guarded(`reading ${file}`, async () => {
    const handle = await open(file, 'r');
    try {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
      return buffer.subarray(0, bytesRead);
    } finally {
      await handle.close();
    }
  });
}

type Unpack = (packed: AsyncIterable<Uint8Array>) => AsyncGenerator<Uint8Array>;

/** A name that ends in `.gz` is held to its word. */
function wayOf(head: Uint8Array, file: string): Unpack | undefined {
  if (isZstd(head)) return unzstd;
  return (head[0] === 0x1f && head[1] === 0x8b) || (/\.gz$/i.test(file) && head.length > 0)
    ? gunzip
    : undefined;
}

async function* unpacked(pieces: AsyncGenerator<Uint8Array>, file: string): AsyncGenerator<Uint8Array> {
  try {
    yield* pieces;
  } catch (error) {
    // Codes of zlib; of zstd a RangeError; a disk's trouble has another face.
    if (!isDamage(error)) throw error;
    throw new DataError(
      'PACKED_DAMAGED',
      `${file} can't be unpacked: it is damaged or cut off (${messageOf(error)}). Nothing of it is done; have it sent again.`,
      { context: { file }, cause: error },
    );
  }
}

const isDamage = (error: unknown): boolean =>
  error instanceof RangeError ||
  (typeof error === 'object' &&
    error !== null &&
    'code' in error &&
    typeof error.code === 'string' &&
    error.code.startsWith('Z_'));

const UTF16_MARKS: ReadonlySet<string> = new Set(['fffe', 'feff']);

function withoutMark(head: Uint8Array, file: string): Uint8Array {
  if (UTF16_MARKS.has(Buffer.from(head.subarray(0, 2)).toString('hex')))
    throw new DataError(
      'NOT_UTF8',
      `${file} is marked as UTF-16, and JSON Lines are UTF-8: convert it first, e.g. by iconv.`,
      { context: { file } },
    );
  return head.subarray(markBytes(head));
}

/** How many bytes of the mark of UTF-8, or of one of UTF-16, stand first. */
function markBytes(head: Uint8Array): number {
  const hex = Buffer.from(head.subarray(0, 3)).toString('hex');
  return hex === 'efbbbf' ? 3 : UTF16_MARKS.has(hex.slice(0, 4)) ? 2 : 0;
}
