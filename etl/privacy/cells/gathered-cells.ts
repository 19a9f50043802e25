import { Buffer } from 'node:buffer';
import type { CellBytes } from '../cell-bytes.ts';
import { type CellSecrets, type PackedTexts, SECRET_BYTES } from './cell-job.ts';
import { copyBytes } from './copy-bytes.ts';

/** Cells of one job: enough to be worth handing over, few enough for all workers to have some. */
export const JOB_CELLS = 16_384;

/** The cells of one job so far, and what they are worked on with. */
export class GatheredCells {
  readonly #ends = new Uint32Array(JOB_CELLS);
  readonly #subjects = new Int32Array(JOB_CELLS);
  readonly #periods = new Int32Array(JOB_CELLS);
  #texts: Buffer<ArrayBuffer>;
  #length = 0;
  /** A row's values are one after another, and mostly of one subject. */
  #subjectKeys = new Uint8Array(1024 * SECRET_BYTES);
  #lastKey: Uint8Array | undefined;
  #subjectsGathered = 0;
  readonly #periodKeys = new Map<Uint8Array, number>();
  count = 0;

  /** For texts of about so many bytes each. */
  constructor(usualBytes: number) {
    this.#texts = Buffer.from(new ArrayBuffer(JOB_CELLS * usualBytes));
  }

  /** Adds a cell; `undefined` stands for a key that is no more. */
  add(
    text: string | Readonly<CellBytes>,
    subjectKey: Uint8Array | undefined,
    periodKey: Uint8Array | undefined,
  ): void {
    const cell = this.count++;
    this.#write(text);
    this.#ends[cell] = this.#length;
    this.#subjects[cell] = subjectKey === undefined ? -1 : this.#subjectAt(subjectKey);
    this.#periods[cell] = periodKey === undefined ? -1 : this.#periodAt(periodKey);
  }

  /** The texts; they are given away. */
  texts(): PackedTexts {
    return { bytes: new Uint8Array(this.#texts.buffer), ends: this.#ends.subarray(0, this.count) };
  }

  /** What the cells are worked on with; it is given away. */
  secrets(): CellSecrets {
    return {
      subjectKeys: this.#subjectKeys.subarray(0, SECRET_BYTES * this.#subjectsGathered),
      periodKeys: keysOf([...this.#periodKeys.keys()]),
      subjects: this.#subjects.subarray(0, this.count),
      periods: this.#periods.subarray(0, this.count),
    };
  }

  #subjectAt(key: Uint8Array): number {
    if (this.#lastKey === key) return this.#subjectsGathered - 1;
    this.#lastKey = key;
    const at = SECRET_BYTES * this.#subjectsGathered++;
    if (at === this.#subjectKeys.length) {
      const larger = new Uint8Array(at * 4);
      larger.set(this.#subjectKeys);
      this.#subjectKeys.fill(0);
      this.#subjectKeys = larger;
    }
    copyBytes({ bytes: key, start: 0, end: SECRET_BYTES }, this.#subjectKeys, at);
    return this.#subjectsGathered - 1;
  }

  #periodAt(key: Uint8Array): number {
    const known = this.#periodKeys.get(key);
    if (known !== undefined) return known;
    const period = this.#periodKeys.size;
    this.#periodKeys.set(key, period);
    return period;
  }

  #write(text: string | Readonly<CellBytes>): void {
    if (typeof text === 'string') {
      this.#reserve(text.length * 3);
      this.#length += this.#texts.write(text, this.#length);
      return;
    }
    this.#reserve(text.end - text.start);
    this.#length = copyBytes(text, this.#texts, this.#length);
  }

  #reserve(bytes: number): void {
    if (this.#length + bytes <= this.#texts.length) return;
    const larger = Buffer.from(new ArrayBuffer((this.#length + bytes) * 2));
    this.#texts.copy(larger, 0, 0, this.#length);
    this.#texts = larger;
  }
}

/** Keys one behind another, in memory of their own. */
function keysOf(keys: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(keys.length * SECRET_BYTES);
  for (const [n, key] of keys.entries()) all.set(key, n * SECRET_BYTES);
  return all;
}
