/** Bytes of the keys of one column's values. */
const KEY_BYTES = 64;
const [LEAST_SLOTS, MOST_SLOTS] = [2 ** 8, 2 ** 18];

/**
 * Derived keys that are kept by two numbers, each pair of which has one slot that it shares with others: no more than
 * 18 MB, and nothing for the garbage collector. What was kept last in a slot is there.
 */
export class KeptKeys {
  #slots = LEAST_SLOTS;
  #bytes = new Uint8Array(LEAST_SLOTS * KEY_BYTES);
  #owners = new Float64Array(LEAST_SLOTS).fill(-1);
  #made = 0;

  /** The keys of a pair, made where they are not there; good until the next call. `second` is below 2^20. */
  get(first: number, second: number, make: () => Uint8Array): Uint8Array {
    const owner = first * 2 ** 20 + second;
    if (this.#made > this.#slots && this.#slots < MOST_SLOTS) this.#grow();
    const mixed = Math.imul(first, 0x9e3779b1) ^ Math.imul(second, 0x85ebca6b);
    const slot = (mixed ^ (mixed >>> 15)) & (this.#slots - 1);
    const keys = this.#bytes.subarray(slot * KEY_BYTES, (slot + 1) * KEY_BYTES);
    if (this.#owners[slot] === owner) return keys;
    keys.set(make());
    this.#owners[slot] = owner;
    this.#made += 1;
    return keys;
  }

  #grow(): void {
    this.#slots *= 4;
    if (this.#slots > MOST_SLOTS) this.#slots = MOST_SLOTS;
    this.#bytes = new Uint8Array(this.#slots * KEY_BYTES);
    this.#owners = new Float64Array(this.#slots).fill(-1);
    this.#made = 0;
  }
}
