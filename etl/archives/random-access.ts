import { Buffer } from 'node:buffer';
import { RandomAccessReader } from 'yauzl';
import type { ByteRange } from '../ports.ts';

/** Bytes of which any range can be read. */
export interface RandomAccess {
  readonly sizeBytes: number;
  read(range: Required<ByteRange>): AsyncIterable<Uint8Array>;
}

/** Directories are read in small steps. A small request to a remote store takes as long as one of this size. */
const BLOCK_BYTES = 256 * 1024;

/** What yauzl reads an archive through: a block at a time, and the last one is kept. */
export class BlockReader extends RandomAccessReader {
  readonly #file: RandomAccess;
  #start = 0;
  #block: Buffer = Buffer.alloc(0);

  constructor(file: RandomAccess) {
    super();
    this.#file = file;
  }

  override read(
    buffer: Buffer,
    offset: number,
    length: number,
    position: number,
    callback: (error: Error | null, bytesRead?: number) => void,
  ): void {
    this.#bytesAt(position, length).then(
      (bytes) => callback(null, bytes.copy(buffer, offset)),
      (error: unknown) => callback(error instanceof Error ? error : new Error(String(error))),
    );
  }

  async #bytesAt(position: number, length: number): Promise<Buffer> {
    const isHeld = position >= this.#start && position + length <= this.#start + this.#block.length;
    if (!isHeld) {
      const end = Math.min(this.#file.sizeBytes, position + Math.max(length, BLOCK_BYTES));
      this.#block = await bytesOf(this.#file, { start: position, end });
      this.#start = position;
    }
    return this.#block.subarray(position - this.#start, position - this.#start + length);
  }
}

/** A range of a file's bytes as one. */
export async function bytesOf(file: RandomAccess, range: Required<ByteRange>): Promise<Buffer> {
  const held: Uint8Array[] = [];
  // A piece is good only until the next is asked for.
  for await (const piece of file.read(range)) held.push(Uint8Array.from(piece));
  return Buffer.concat(held);
}
