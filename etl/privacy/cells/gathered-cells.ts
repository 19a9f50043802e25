import { Buffer } from 'node:buffer';
import type { CellBytes } from '../cell-bytes.ts';
import { type CellSecrets, type LyingTexts, SECRET_BYTES } from './cell-job.ts';
import { copyBytes } from './copy-bytes.ts';

/** Cells of one job: enough to be worth handing over, few enough for all workers to have some. */
export const JOB_CELLS = 16_384;

const NOTHING = new Uint8Array();

/** The cells of one job so far, and what they are worked on with. */
export class GatheredCells {
  readonly #starts = new Int32Array(JOB_CELLS);
  readonly #lengths = new Uint32Array(JOB_CELLS);
  readonly #subjects = new Int32Array(JOB_CELLS);
  readonly #periods = new Int32Array(JOB_CELLS);
  /** Where most texts lie, if threads can read it there. */
  #common: Uint8Array = NOTHING;
  #beside = Buffer.from(new ArrayBuffer(0));
  #besideLength = 0;
  /** A row's values are one after another, and mostly of one subject. */
  #subjectKeys = new Uint8Array(1024 * SECRET_BYTES);
  #lastKey: Uint8Array | undefined;
  #subjectsGathered = 0;
  readonly #periodKeys = new Map<Uint8Array, number>();
  #lastPeriod: { readonly key: Uint8Array; readonly number: number } | undefined;
  count = 0;

  /** Adds a cell; `undefined` stands for a key that is no more. */
  add(
    text: string | Readonly<CellBytes>,
    subjectKey: Uint8Array | undefined,
    periodKey: Uint8Array | undefined,
  ): void {
    const cell = this.count++;
    if (typeof text === 'string') this.#write(cell, text);
    else if (this.#isCommon(text.bytes)) {
      this.#starts[cell] = text.start;
      this.#lengths[cell] = text.end - text.start;
    } else this.#copy(cell, text);
    this.#subjects[cell] = subjectKey === undefined ? -1 : this.#subjectAt(subjectKey);
    this.#periods[cell] = periodKey === undefined ? -1 : this.#periodAt(periodKey);
  }

  /** The texts; what lies beside is given away. */
  texts(): LyingTexts {
    return {
      common: this.#common,
      beside: new Uint8Array(this.#beside.buffer),
      starts: this.#starts.subarray(0, this.count),
      lengths: this.#lengths.subarray(0, this.count),
    };
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

  /** Whether texts can be read by other threads where they lie: all of a job in one piece of memory. */
  #isCommon(bytes: Uint8Array): boolean {
    if (bytes === this.#common) return true;
    if (this.#common !== NOTHING || !(bytes.buffer instanceof SharedArrayBuffer)) return false;
    this.#common = bytes;
    return true;
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
    if (this.#lastPeriod?.key === key) return this.#lastPeriod.number;
    const number = this.#periodKeys.get(key) ?? this.#periodKeys.size;
    this.#periodKeys.set(key, number);
    this.#lastPeriod = { key, number };
    return number;
  }

  #write(cell: number, text: string): void {
    this.#reserve(text.length * 3);
    const length = this.#beside.write(text, this.#besideLength);
    this.#note(cell, length);
  }

  #copy(cell: number, text: Readonly<CellBytes>): void {
    const length = text.end - text.start;
    this.#reserve(length);
    copyBytes(text, this.#beside, this.#besideLength);
    this.#note(cell, length);
  }

  /** Notes a text that was put beside. */
  #note(cell: number, length: number): void {
    this.#starts[cell] = -1 - this.#besideLength;
    this.#lengths[cell] = length;
    this.#besideLength += length;
  }

  #reserve(bytes: number): void {
    if (this.#besideLength + bytes <= this.#beside.length) return;
    const room = Math.max((this.#besideLength + bytes) * 2, LEAST_BESIDE_BYTES);
    const larger = Buffer.from(new ArrayBuffer(room));
    this.#beside.copy(larger, 0, 0, this.#besideLength);
    this.#beside = larger;
  }
}

const LEAST_BESIDE_BYTES = 16 * 1024;

/** Keys one behind another, in memory of their own. */
function keysOf(keys: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(keys.length * SECRET_BYTES);
  for (const [n, key] of keys.entries()) all.set(key, n * SECRET_BYTES);
  return all;
}
