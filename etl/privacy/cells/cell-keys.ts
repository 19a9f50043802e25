import type { LibSodium } from 'libsodium';
import { HEADER_BYTES } from './cell-job.ts';
import { COLUMN_AT, PERIOD_AT, SUBJECT_AT } from './envelope-bytes.ts';

/** A slot of libsodium's memory: a header, two bytes to spare, and the 64 bytes of its keys. */
const [KEYS_AT, SLOT_BYTES] = [48, 112];
const KEY_BYTES = 64;
/** A header has its place in one of so many neighbouring slots. */
const WAYS = 4;
const [LEAST_SLOTS, MOST_SLOTS] = [2 ** 8, 2 ** 18];

/**
 * Keys of envelopes by their headers, kept in libsodium's memory, where they are used: no more than 28 MB, whatever the
 * number of headers. One that is added may take the place of another.
 */
export class CellKeys {
  readonly #lib: LibSodium;
  #slots = LEAST_SLOTS;
  #start: number;
  #added = 0;

  constructor(lib: LibSodium) {
    this.#lib = lib;
    this.#start = allocated(lib, LEAST_SLOTS * SLOT_BYTES);
  }

  /** The address of the keys of the header that begins somewhere; 0 where they are not kept. */
  find(bytes: Uint8Array, at: number): number {
    const memory = this.#lib.HEAPU8;
    const set = this.#setOf(bytes, at);
    for (let slot = set; slot < set + WAYS * SLOT_BYTES; slot += SLOT_BYTES)
      if (isSame(memory, slot, bytes, at)) return slot + KEYS_AT;
    return 0;
  }

  /** Keeps the keys of a header; returns their address, which is good until others are added. */
  add(bytes: Uint8Array, at: number, keys: Uint8Array): number {
    if (this.#added > this.#slots && this.#slots < MOST_SLOTS) this.#grow();
    const memory = this.#lib.HEAPU8;
    const set = this.#setOf(bytes, at);
    let slot = set + (this.#added & (WAYS - 1)) * SLOT_BYTES;
    for (let free = set; free < set + WAYS * SLOT_BYTES; free += SLOT_BYTES)
      if (memory[free] === 0) slot = free;
    memory.set(bytes.subarray(at, at + HEADER_BYTES), slot);
    memory.set(keys.subarray(0, KEY_BYTES), slot + KEYS_AT);
    this.#added += 1;
    return slot + KEYS_AT;
  }

  /** Wipes and frees its memory; it is of no use afterwards. */
  dispose(): void {
    this.#lib.HEAPU8.fill(0, this.#start, this.#start + this.#slots * SLOT_BYTES);
    this.#lib._free(this.#start);
    this.#slots = 0;
  }

  #grow(): void {
    const slots = Math.min(this.#slots * 4, MOST_SLOTS);
    this.dispose();
    this.#start = allocated(this.#lib, slots * SLOT_BYTES);
    this.#slots = slots;
    this.#added = 0;
  }

  #setOf(bytes: Uint8Array, at: number): number {
    // The subject's digits are random, but one subject has several columns and many months.
    const last = at + SUBJECT_AT + 18;
    const subject = four(bytes, last) ^ Math.imul(four(bytes, last + 4), 0x85ebca6b);
    const other = four(bytes, at + COLUMN_AT) ^ Math.imul(four(bytes, at + PERIOD_AT + 2), 0x9e3779b1);
    let mixed = Math.imul(subject ^ (subject >>> 15), 0x2c1b3c6d) ^ Math.imul(other, 0x297a2d39);
    mixed = Math.imul(mixed ^ (mixed >>> 16), 0x7feb352d);
    return this.#start + ((mixed ^ (mixed >>> 15)) & (this.#slots / WAYS - 1)) * WAYS * SLOT_BYTES;
  }
}

function allocated(lib: LibSodium, bytes: number): number {
  const start = lib._malloc(bytes);
  lib.HEAPU8.fill(0, start, start + bytes);
  return start;
}

function four(bytes: Uint8Array, at: number): number {
  const [a, b, c, d] = [bytes[at] ?? 0, bytes[at + 1] ?? 0, bytes[at + 2] ?? 0, bytes[at + 3] ?? 0];
  return (a << 24) | (b << 16) | (c << 8) | d;
}

function isSame(memory: Uint8Array, slot: number, bytes: Uint8Array, at: number): boolean {
  // From behind: what is in front is the same in many.
  for (let n = HEADER_BYTES - 1; n >= 0; n--) if (memory[slot + n] !== bytes[at + n]) return false;
  return true;
}
