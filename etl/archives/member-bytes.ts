import { Buffer } from 'node:buffer';
import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { DataError, messageOf } from '../errors.ts';
import type { ByteRange } from '../ports.ts';

/** A file in an archive: where its packed bytes lie, how they are packed, and what must come of them. */
export interface Member {
  /** Key of the archive. */
  readonly archive: string;
  readonly start: number;
  readonly end: number;
  /** 0: stored as it is; 8: deflated. */
  readonly method: 0 | 8;
  readonly sizeBytes: number;
  readonly crc32: number;
}

/** Reads a range of an archive's bytes. */
export type ReadRange = (range: Required<ByteRange>) => AsyncIterable<Uint8Array>;

/**
 * The bytes of a file in an archive, in pieces. Zip and gzip pack bytes alike (deflate), so they go to gunzip as a gzip
 * file, and it checks size and checksum at the end. Never yields more than the archive declares. Throws DataError
 * `MEMBER_DAMAGED` where the bytes are not those that were packed.
 */
export async function* memberBytes(member: Member, read: ReadRange): AsyncGenerator<Uint8Array> {
  const unpacked = createGunzip({ chunkSize: 1 << 18 });
  // The reader gets a failure as a throw. Without this listener, an early one would end the process.
  unpacked.on('error', () => undefined);
  const pieces = pipeline(Readable.from(asGzip(member, read)), unpacked, () => undefined);
  let bytes = 0;
  try {
    for await (const piece of pieces as AsyncIterable<Uint8Array>) {
      bytes += piece.length;
      if (bytes > member.sizeBytes)
        throw new RangeError(`it is larger than the ${member.sizeBytes} bytes declared`);
      yield piece;
    }
  } catch (error) {
    throw damaged(member, error);
  } finally {
    unpacked.destroy();
  }
}

function damaged({ archive }: Member, cause: unknown): DataError {
  const what = messageOf(cause);
  return new DataError('MEMBER_DAMAGED', `A file in ${archive} is damaged: ${what}.`, {
    cause,
    context: { archive },
  });
}

const GZIP_HEADER = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff]);

async function* asGzip(member: Member, read: ReadRange): AsyncGenerator<Uint8Array> {
  const { start, end, method, sizeBytes, crc32 } = member;
  const packed = start === end ? none() : read({ start, end });
  yield GZIP_HEADER;
  yield* method === 8 ? copies(packed) : asBlocks(packed);
  const trailer = Buffer.alloc(8);
  trailer.writeUInt32LE(crc32, 0);
  trailer.writeUInt32LE(sizeBytes % 2 ** 32, 4);
  yield trailer;
}

async function* none(): AsyncGenerator<Uint8Array> {
  // Nothing is asked of a store for no bytes.
}

/** Copies of pieces, for consumers that keep several. */
async function* copies(stream: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const piece of stream) yield Uint8Array.from(piece);
}

/** A stored (unpacked) block has at most this many bytes (RFC 1951, 3.2.4). */
const BLOCK_BYTES = 0xffff;

async function* asBlocks(stream: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const piece of stream) {
    for (let at = 0; at < piece.length; at += BLOCK_BYTES) {
      const block = piece.subarray(at, at + BLOCK_BYTES);
      yield blockHeader(block.length, false);
      yield Uint8Array.from(block);
    }
  }
  yield blockHeader(0, true);
}

function blockHeader(sizeBytes: number, isLast: boolean): Uint8Array {
  const header = Buffer.alloc(5);
  header.writeUInt8(isLast ? 1 : 0, 0);
  header.writeUInt16LE(sizeBytes, 1);
  header.writeUInt16LE(sizeBytes ^ 0xffff, 3);
  return header;
}
