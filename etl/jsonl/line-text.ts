import { Buffer } from 'node:buffer';
import { nameText } from './used-names.ts';

/** A line of UTF-8, whose parts are asked for by the places of their bytes. */
export class LineText {
  readonly #bytes: Buffer;
  readonly #text: string;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#text = this.#bytes.toString('utf8');
  }

  /** The text of some bytes. */
  between(start: number, end: number): string {
    // A character of several bytes makes the text shorter than its bytes.
    return this.#text.length === this.#bytes.length
      ? this.#text.slice(start, end)
      : this.#bytes.toString('utf8', start, end);
  }

  /** What some bytes between the quotes of a text in JSON stand for. */
  unescaped(start: number, end: number): string {
    return nameText(this.#bytes, start, end);
  }
}
