import { Buffer } from 'node:buffer';
import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';

/**
 * The bytes that a gzip file unpacks to: members one behind the other (RFC 1952, 2.2). Zeros behind a member are padding, as of
 * tapes and block devices, and passed over; zlib's own stream drops what stands behind them. Throws where anything else does.
 */
export async function* gunzip(stream: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const source = new Source(stream);
  try {
    do yield* unpackMembers(source);
    while (await source.passZeros());
  } finally {
    await source.close();
  }
}

/** Unpacks members up to the end, or to zeros. */
async function* unpackMembers(source: Source): AsyncGenerator<Uint8Array> {
  const unpacked = createGunzip({ chunkSize: 1 << 20 });
  // Whoever reads it sees a failure as a throw. It may come before the first read, when nobody listens yet: without
  // a listener of its own it would then end the process.
  unpacked.on('error', () => undefined);
  const given = source.give(() => unpacked.bytesWritten);
  const pieces = pipeline(Readable.from(given), unpacked, () => undefined);
  try {
    yield* pieces as AsyncIterable<Uint8Array>;
  } finally {
    unpacked.destroy();
    // It may be about to give a piece that nobody takes any more.
    await given.return(undefined);
    source.takeBack(unpacked.bytesWritten);
  }
}

/** A stream of which what was given and not used can be taken back. */
class Source {
  readonly #pieces: AsyncIterator<Uint8Array>;
  /** Given, and not known to be used; the first of them begins at `#start`, counted from the first that was given. */
  #given: Uint8Array[] = [];
  #start = 0;
  #held: Uint8Array[] = [];

  constructor(stream: AsyncIterable<Uint8Array>) {
    this.#pieces = stream[Symbol.asyncIterator]();
  }

  /** Gives pieces that stay good; `used` says how many bytes were used by now. */
  async *give(used: () => number): AsyncGenerator<Uint8Array, undefined> {
    [this.#given, this.#start] = [[], 0];
    for (let piece = await this.#next(); piece !== undefined; piece = await this.#next()) {
      this.#forget(used());
      this.#given.push(piece);
      yield piece;
    }
  }

  takeBack(usedBytes: number): void {
    this.#forget(usedBytes);
    const [first, ...rest] = this.#given;
    if (first !== undefined) this.#held = [first.subarray(usedBytes - this.#start), ...rest, ...this.#held];
    this.#given = [];
  }

  /** Passes zeros; false where nothing stands behind them. */
  async passZeros(): Promise<boolean> {
    for (let piece = await this.#next(); piece !== undefined; piece = await this.#next()) {
      const at = piece.findIndex((byte) => byte !== 0);
      if (at === -1) continue;
      this.#held.unshift(piece.subarray(at));
      return true;
    }
    return false;
  }

  async close(): Promise<void> {
    await this.#pieces.return?.();
  }

  async #next(): Promise<Uint8Array | undefined> {
    const held = this.#held.shift();
    if (held !== undefined) return held;
    const next = await this.#pieces.next();
    return next.done === true ? undefined : Buffer.from(next.value);
  }

  #forget(usedBytes: number): void {
    for (let [piece] = this.#given; piece !== undefined; [piece] = this.#given) {
      if (this.#start + piece.length > usedBytes) return;
      this.#start += piece.length;
      this.#given.shift();
    }
  }
}
