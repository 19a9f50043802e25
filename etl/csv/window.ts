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
    const rest = this.#limit - this.start;
    this.#makeRoom(rest + next.value.length);
    this.#buffer.set(next.value, rest);
    this.#limit = rest + next.value.length;
    this.#gone += this.start;
    this.start = 0;
  }

  /** Lets go of the stream, whether it has ended or not. */
  async close(): Promise<void> {
    await this.#pieces.return?.();
  }

  /** Moves the unread bytes to the front of a buffer that is large enough. */
  #makeRoom(sizeBytes: number): void {
    if (sizeBytes <= this.#buffer.length) {
      this.#buffer.copyWithin(0, this.start, this.#limit);
      return;
    }
    const larger = Buffer.allocUnsafeSlow(Math.max(sizeBytes, this.#buffer.length * 2));
    larger.set(this.#buffer.subarray(this.start, this.#limit));
    this.#buffer = larger;
  }
}
