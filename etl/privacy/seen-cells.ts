import { randomInt } from 'node:crypto';
import type { CellBytes } from './cell-bytes.ts';

/** So many cells are kept at most; all are let go of before one more is. */
const MOST_CELLS = 32_768;

/** A cell that has found no place in so many neighbouring ones has none: whoever chooses cells can't make finding them slow. */
const MOST_STEPS = 16;

/** Longer cells than this are not kept: memory has a bound. */
const MOST_BYTES = 128;

/** What is known of cells by their bytes, without making a text of one that was seen before. It may forget any of them. */
export class SeenCells<V> {
  /** No two tables agree in which cells are neighbours. */
  readonly #seed = randomInt(2 ** 31);
  /** By place the number of a cell, from 1; 0 where there is none. */
  #places = new Int32Array(1024);
  readonly #hashes: number[] = [];
  readonly #values: V[] = [];
  #bytes = new Uint8Array(16 * 1024);
  /** By cell where its bytes end. */
  readonly #ends: number[] = [];

  /** What is known of a cell. */
  find(cell: CellBytes): V | undefined {
    const hash = this.#hashOf(cell);
    for (let step = 0; step < MOST_STEPS; step++) {
      const number = this.#places[(hash + step) & (this.#places.length - 1)] ?? 0;
      if (number === 0) return undefined;
      if (this.#hashes[number - 1] === hash && this.#isAt(number - 1, cell)) return this.#values[number - 1];
    }
    return undefined;
  }

  /** Keeps what is known of a cell that wasn't found. */
  add(cell: CellBytes, value: V): void {
    if (cell.end - cell.start > MOST_BYTES) return;
    if (this.#values.length === MOST_CELLS) this.#clear();
    if (this.#values.length * 2 >= this.#places.length) this.#grow();
    const hash = this.#hashOf(cell);
    if (!this.#place(hash, this.#values.length + 1)) return;
    this.#hashes.push(hash);
    this.#values.push(value);
    this.#ends.push(this.#copied(cell));
  }

  #copied({ bytes, start, end }: CellBytes): number {
    let at = this.#ends.at(-1) ?? 0;
    if (at + end - start > this.#bytes.length) {
      const larger = new Uint8Array(2 * this.#bytes.length + MOST_BYTES);
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    for (let n = start; n < end; n++) this.#bytes[at++] = bytes[n] ?? 0;
    return at;
  }

  #isAt(number: number, { bytes, start, end }: CellBytes): boolean {
    const from = number === 0 ? 0 : (this.#ends[number - 1] ?? 0);
    if ((this.#ends[number] ?? 0) - from !== end - start) return false;
    for (let n = start; n < end; n++) if (this.#bytes[from + n - start] !== bytes[n]) return false;
    return true;
  }

  /** Whether there was a place. */
  #place(hash: number, number: number): boolean {
    for (let step = 0; step < MOST_STEPS; step++) {
      const at = (hash + step) & (this.#places.length - 1);
      if (this.#places[at] !== 0) continue;
      this.#places[at] = number;
      return true;
    }
    return false;
  }

  #grow(): void {
    this.#places = new Int32Array(this.#places.length * 2);
    for (const [n, hash] of this.#hashes.entries()) this.#place(hash, n + 1);
  }

  #clear(): void {
    this.#places.fill(0);
    for (const list of [this.#hashes, this.#values, this.#ends]) list.length = 0;
  }

  /** FNV-1a of the bytes, from a start of our own. */
  #hashOf({ bytes, start, end }: CellBytes): number {
    let hash = this.#seed;
    for (let n = start; n < end; n++) hash = Math.imul(hash ^ (bytes[n] ?? 0), 0x01000193);
    hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
    return (hash ^ (hash >>> 13)) & 0x3fffffff;
  }
}
