import { Buffer } from 'node:buffer';

/**
 * The part of a byte stream that is being looked at: what is left of the pieces before, and the next. One buffer
 * serves the whole stream, so what was handed out must be used before the next `fill`.
 */
export class ByteWindow {
  /** Where the unread part begins. */
  start = 0;
  /** Whether the stream has ended: no more bytes will come. */
  final = false;
  /** Grows with what comes: of many small files each has a small one. */
  #buffer: Uint8Array = Buffer.alloc(0);
  #limit = 0;
  /** Bytes of the stream that the buffer holds no more. */
  #gone = 0;
  readonly #pieces: AsyncIterator<Uint8Array>;

  constructor(stream: AsyncIterable<Uint8Array>) {
    this.#pieces = stream[Symbol.asyncIterator]();
  }

  /** The buffer; its bytes from `start` to `limit` are unread. */
  get bytes(): Uint8Array {
    return this.#buffer;
  }

  get limit(): number {
    return this.#limit;
  }

  /** How many bytes of the stream lie before the unread ones. */
  get position(): number {
    return this.#gone + this.start;
  }

  /** Adds the stream's next piece behind the unread bytes. */
  async fill(): Promise<void> {
    const next = await this.#pieces.next();
    if (next.done === true) {
      this.final = true;
      return;
    }
    this.#makeRoom(next.value.length);
    this.#buffer.set(next.value, this.#limit);
    this.#limit += next.value.length;
  }

  /** Adds about as many bytes as are unread already, so that what is read anew each time is read only twice in all. */
  async fillMore(): Promise<void> {
    const wanted = 2 * (this.#limit - this.start);
    do await this.fill();
    while (!this.final && this.#limit - this.start < wanted);
  }

  /** Lets go of the stream, whether it has ended or not. */
  async close(): Promise<void> {
    await this.#pieces.return?.();
  }

  /** Makes room for more bytes behind the unread ones, which move to the front; many of them only where they must. */
  #makeRoom(moreBytes: number): void {
    const rest = this.#limit - this.start;
    if (rest > FEW_BYTES && this.#limit + moreBytes <= this.#buffer.length) return;
    const isLargeEnough =
      rest + moreBytes <= this.#buffer.length && rest <= Math.max(FEW_BYTES, this.#buffer.length / 2);
    if (isLargeEnough) this.#buffer.copyWithin(0, this.start, this.#limit);
    else {
      const larger = Buffer.allocUnsafeSlow(Math.max(rest + moreBytes, this.#buffer.length * 2));
      larger.set(this.#buffer.subarray(this.start, this.#limit));
      this.#buffer = larger;
    }
    this.#gone += this.start;
    this.start = 0;
    this.#limit = rest;
  }
}

/** So many bytes are moved sooner than the buffer grows. */
const FEW_BYTES = 64 * 1024;
