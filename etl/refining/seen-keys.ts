/** Bits for each key: with six of them set a key, at most five of a thousand new keys look as if they had been seen. */
const KEY_BITS = 12;
const SET_BITS = 6;

/** A key's bits lie in 64 bytes, which memory fetches at once. */
const BLOCK_WORDS = 16;

/** Hashes of keys are taken as whole numbers below this. */
export const HASH_LIMIT = 2 ** 53;

/** A hash in two halves that are integers to the processor, too. */
const LOW = 2 ** 26;

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
  add(hashes: Float64Array): number[] {
    const found: number[] = [];
    for (let from = 0; from < hashes.length; ) from = this.#addFrom(hashes, from, found);
    return found;
  }

  /** Adds hashes until a filter is full; returns how many were taken. */
  #addFrom(hashes: Float64Array, from: number, found: number[]): number {
    let last = this.#filters.at(-1);
    if (last === undefined || last.room === 0) {
      last = new Filter(this.#expected);
      this.#filters.push(last);
      this.#expected *= 2;
    }
    const full = this.#filters.slice(0, -1);
    const end = Math.min(hashes.length, from + last.room);
    for (let n = from; n < end; n++) {
      const hash = hashes[n] as number;
      if (hash < 0) continue;
      const isOld = full.length > 0 && full.some((filter) => filter.has(hash));
      if (isOld || last.testAndSet(hash)) found.push(n);
    }
    return end;
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

  /** How many keys it may still take. */
  get room(): number {
    return Math.max(0, this.#capacity - this.#count);
  }

  /** Whether the hash may be there. */
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
    const high = Math.floor(hash / LOW);
    const low = (hash - high * LOW) | 0;
    const start = ((high | 0) % this.#blocks) * BLOCK_WORDS;
    const step = (low >>> 13) | 1;
    let bit = low;
    let missing = 0;
    // Without a branch a key, but for the loop: the processor fetches the next key's block meanwhile.
    for (let n = 0; n < SET_BITS; n++) {
      const at = start + ((bit >>> 5) & (BLOCK_WORDS - 1));
      const mask = 1 << (bit & 31);
      const word = words[at] as number;
      missing |= ~word & mask;
      if (isSet) words[at] = word | mask;
      bit += step;
    }
    return missing === 0;
  }
}
