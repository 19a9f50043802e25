/** Bits for each key: with six of them set a key, at most five of a thousand new keys look as if they had been seen. */
const KEY_BITS = 12;
const SET_BITS = 6;

/** A key's bits lie in 64 bytes, which memory fetches at once. */
const BLOCK_WORDS = 16;

/** Hashes of keys are taken as whole numbers below this. */
export const HASH_LIMIT = 2 ** 53;

/** A hash in two halves that are integers to the processor, too. */
const LOW = 2 ** 26;
const highOf = (hash: number): number => Math.floor(hash / LOW) | 0;
const lowOf = (hash: number): number => (hash - Math.floor(hash / LOW) * LOW) | 0;

/**
 * Remembers keys by their hashes, in memory that doesn't grow with their length: a Bloom filter in blocks, and a larger
 * one behind it once it is full. It never forgets a key, and now and then takes a new one for known.
 */
export class SeenKeys {
  readonly #filters: Filter[] = [];
  #expected: number;

  /** For about so many keys; more cost time. */
  constructor(expected: number) {
    this.#expected = Math.max(1024, Math.ceil(expected));
  }

  /**
   * Which of some hashes (each a whole number below HASH_LIMIT; negative ones are skipped) may have been added before, or
   * earlier among them: their indices, in order. Adds them.
   */
  add(hashes: readonly number[]): number[] {
    const found: number[] = [];
    for (let n = 0; n < hashes.length; n++) {
      const hash = hashes[n] ?? -1;
      if (hash >= 0 && this.#testAndSet(hash)) found.push(n);
    }
    return found;
  }

  #testAndSet(hash: number): boolean {
    for (const filter of this.#filters) if (filter.isFull && filter.has(hash)) return true;
    let last = this.#filters.at(-1);
    if (last === undefined || last.isFull) {
      last = new Filter(this.#expected);
      this.#filters.push(last);
      this.#expected *= 2;
    }
    return last.testAndSet(hash);
  }
}

class Filter {
  readonly #capacity: number;
  readonly #blocks: number;
  readonly #words: Int32Array;
  #count = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
    this.#blocks = Math.ceil((capacity * KEY_BITS) / (BLOCK_WORDS * 32));
    this.#words = new Int32Array(this.#blocks * BLOCK_WORDS);
  }

  get isFull(): boolean {
    return this.#count >= this.#capacity;
  }

  has(hash: number): boolean {
    return this.#visit(hash, false);
  }

  /** Whether the hash may be there already; it is from now on. */
  testAndSet(hash: number): boolean {
    this.#count++;
    return this.#visit(hash, true);
  }

  /** The upper half of a hash says which block, the lower which of its bits, by double hashing. */
  #visit(hash: number, isSet: boolean): boolean {
    const words = this.#words;
    const low = lowOf(hash);
    const start = (highOf(hash) % this.#blocks) * BLOCK_WORDS;
    const step = (low >>> 13) | 1;
    let bit = low;
    let isThere = true;
    for (let n = 0; n < SET_BITS; n++) {
      const at = start + ((bit >>> 5) & (BLOCK_WORDS - 1));
      const mask = 1 << (bit & 31);
      const word = words[at] ?? 0;
      if ((word & mask) === 0) {
        isThere = false;
        if (!isSet) return false;
        words[at] = word | mask;
      }
      bit += step;
    }
    return isThere;
  }
}
