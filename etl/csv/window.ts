import { Buffer } from 'node:buffer';

/** The part of a byte stream that is being looked at: what is left of the last piece, and the next. */
export class ByteWindow {
  bytes: Uint8Array = new Uint8Array(0);
  /** Where the unread part begins. */
  start = 0;
  /** Whether the stream has ended: no more bytes will come. */
  final = false;
  readonly #pieces: AsyncIterator<Uint8Array>;

  constructor(stream: AsyncIterable<Uint8Array>) {
    this.#pieces = stream[Symbol.asyncIterator]();
  }

  get limit(): number {
    return this.bytes.length;
  }

  /** Adds the stream's next piece behind the unread bytes; the bytes handed out before stay as they are. */
  async fill(): Promise<void> {
    const next = await this.#pieces.next();
    if (next.done === true) {
      this.final = true;
      return;
    }
    const rest = this.bytes.subarray(this.start);
    this.bytes = rest.length === 0 ? next.value : Buffer.concat([rest, next.value]);
    this.start = 0;
  }
}
