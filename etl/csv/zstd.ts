import { Buffer } from 'node:buffer';
import { Decompress } from 'fzstd';
import xxhash, { type XXHash } from 'xxhash-wasm';

/** Zstandard, RFC 8878: frames one behind the other, each of a header, blocks, and a checksum if it has one. */
const MAGIC = 0xfd2fb528;
const [SKIPPED_MAGIC, SKIPPED_MASK] = [0x184d2a50, 0xfffffff0];
const MOST_BLOCK_BYTES = 128 * 1024;

/** What zstd itself refuses to unpack unless it is told to take more memory. */
const MOST_WINDOW_BYTES = 128 * 1024 * 1024;

/** Whether bytes begin as a zstd file does. */
export function isZstd(head: Uint8Array): boolean {
  const magic = head.length < 4 ? 0 : Buffer.from(head).readUInt32LE(0);
  return magic === MAGIC || isSkipped(magic);
}

const isSkipped = (magic: number): boolean => (magic & SKIPPED_MASK) >>> 0 === SKIPPED_MAGIC;

/** The bytes that a zstd stream unpacks to. Throws a RangeError on one that is damaged, ends too early or needs too much memory. */
export async function* unzstd(stream: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const hashes = await xxhash();
  const source = new ByteSource(stream);
  try {
    for (let magic = await source.next(4); magic !== undefined; magic = await source.next(4)) {
      const number = magic.readUInt32LE(0);
      if (isSkipped(number)) await skipFrame(source);
      else if (number === MAGIC) yield* unpackFrame(magic, source, hashes.create64());
      else throw new RangeError('something else stands between its frames');
    }
  } finally {
    await source.close();
  }
}

async function skipFrame(source: ByteSource): Promise<void> {
  for (let left = (await source.take(4)).readUInt32LE(0); left > 0; left -= MOST_BLOCK_BYTES)
    await source.take(Math.min(left, MOST_BLOCK_BYTES));
}

async function* unpackFrame(
  magic: Buffer,
  source: ByteSource,
  hash: XXHash<bigint>,
): AsyncGenerator<Uint8Array> {
  const header = await readHeader(source);
  let unpacked: Uint8Array[] = [];
  const frame = new Decompress((piece) => {
    unpacked.push(piece);
  });
  frame.push(Buffer.concat([magic, header.bytes]));
  for (let isLast = false; !isLast; ) {
    const block = await readBlock(source);
    isLast = block.isLast;
    const checksum = isLast && header.hasChecksum ? await source.take(4) : undefined;
    frame.push(Buffer.concat(checksum === undefined ? [block.bytes] : [block.bytes, checksum]), isLast);
    for (const piece of unpacked) hash.update(piece);
    yield* unpacked;
    unpacked = [];
    if (checksum !== undefined && Number(hash.digest() & 0xffffffffn) !== checksum.readUInt32LE(0))
      throw new RangeError('its checksum is another');
  }
}

/** A frame's header behind its magic number (3.1.1.1). */
async function readHeader(source: ByteSource): Promise<{ bytes: Buffer; hasChecksum: boolean }> {
  const descriptor = await source.take(1);
  const flags = descriptor.readUInt8(0);
  const isSingle = (flags & 0x20) !== 0;
  const dictionary = [0, 1, 2, 4][flags & 3] ?? 0;
  const size = [isSingle ? 1 : 0, 2, 4, 8][flags >>> 6] ?? 0;
  const rest = await source.take((isSingle ? 0 : 1) + dictionary + size);
  if (rest.subarray(isSingle ? 0 : 1).some((byte, n) => n < dictionary && byte !== 0))
    throw new RangeError('it was packed with a dictionary, which it does not hold');
  const window = isSingle ? contentSize(rest.subarray(dictionary)) : windowSize(rest.readUInt8(0));
  if (window > MOST_WINDOW_BYTES)
    throw new RangeError(
      `to unpack it takes ${window} bytes of memory, more than ${MOST_WINDOW_BYTES}: pack it anew without --long or --ultra`,
    );
  return { bytes: Buffer.concat([descriptor, rest]), hasChecksum: (flags & 4) !== 0 };
}

function windowSize(descriptor: number): number {
  const base = 2 ** (10 + (descriptor >>> 3));
  return base + (base / 8) * (descriptor & 7);
}

function contentSize(bytes: Buffer): number {
  if (bytes.length === 8) return Number(bytes.readBigUInt64LE(0));
  return bytes.readUIntLE(0, bytes.length) + (bytes.length === 2 ? 256 : 0);
}

/** A block with its header (3.1.1.2): one byte of content where that is repeated. */
async function readBlock(source: ByteSource): Promise<{ bytes: Buffer; isLast: boolean }> {
  const header = await source.take(3);
  const fields = header.readUIntLE(0, 3);
  const [kind, size] = [(fields >>> 1) & 3, fields >>> 3];
  if (kind === 3 || size > MOST_BLOCK_BYTES) throw new RangeError('one of its blocks is none');
  return {
    bytes: Buffer.concat([header, await source.take(kind === 1 ? 1 : size)]),
    isLast: (fields & 1) === 1,
  };
}

/** Takes so many bytes at a time from a stream. */
class ByteSource {
  readonly #pieces: AsyncIterator<Uint8Array>;
  #held: Buffer = Buffer.alloc(0);

  constructor(stream: AsyncIterable<Uint8Array>) {
    this.#pieces = stream[Symbol.asyncIterator]();
  }

  /** The next bytes; undefined where the stream has ended. */
  async next(count: number): Promise<Buffer | undefined> {
    await this.#fill(count);
    return this.#held.length === 0 ? undefined : await this.take(count);
  }

  /** The next bytes; throws where fewer are left. */
  async take(count: number): Promise<Buffer> {
    await this.#fill(count);
    if (this.#held.length < count) throw new RangeError('it ends too early');
    const taken = this.#held.subarray(0, count);
    this.#held = this.#held.subarray(count);
    return taken;
  }

  async close(): Promise<void> {
    await this.#pieces.return?.();
  }

  async #fill(count: number): Promise<void> {
    while (this.#held.length < count) {
      const next = await this.#pieces.next();
      if (next.done === true) return;
      // The piece is good only until the next is asked for.
      this.#held = Buffer.concat([this.#held, next.value]);
    }
  }
}
