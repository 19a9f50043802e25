import type { SealingKeys } from './sodium.ts';

const KEY_BYTES = 64;
/** The place of a header whose keys are no more. */
const GONE = -1;

/** The keys of many headers, in one piece of memory. */
export class HeaderKeys {
  readonly #places = new Map<string, number>();
  readonly #bytes: Uint8Array;
  #used = 0;

  /** Has room for so many headers. */
  constructor(room: number) {
    this.#bytes = new Uint8Array(room * KEY_BYTES);
  }

  /** Takes a copy of a header's keys; undefined where there are none any more. */
  add(header: string, keys: SealingKeys | undefined): void {
    this.#places.set(header, keys === undefined ? GONE : this.#used);
    if (keys === undefined) return;
    this.#bytes.set(keys, this.#used);
    this.#used += KEY_BYTES;
  }

  /** A header's keys; undefined for one that is not known. */
  find(header: string): SealingKeys | 'gone' | undefined {
    const place = this.#places.get(header);
    if (place === undefined) return undefined;
    return place === GONE ? 'gone' : this.#bytes.subarray(place, place + KEY_BYTES);
  }
}
