import { Buffer } from 'node:buffer';
import { randomFillSync } from 'node:crypto';
import { copyBytes } from '../../../etl/privacy/cells/copy-bytes.ts';
import { parted } from './parted.ts';
import { copyReference, REFERENCE_BYTES, SHARDS } from './people.ts';

/** A reference for each of many subjects, by their numbers: a new random one until that of a record is put in its place. */
export class References {
  readonly #bytes: Buffer;
  readonly #one = Buffer.alloc(REFERENCE_BYTES);
  readonly count: number;

  constructor(count: number) {
    this.count = count;
    this.#bytes = randomFillSync(Buffer.alloc(count * REFERENCE_BYTES));
  }

  /** Takes the reference of a person's record; false where it has none. */
  take(n: number, records: Buffer, at: number): boolean {
    return copyReference(records, at, this.#bytes, n * REFERENCE_BYTES);
  }

  /** One's reference; good until the next is asked for. */
  of(n: number): Buffer {
    const start = n * REFERENCE_BYTES;
    copyBytes({ bytes: this.#bytes, start, end: start + REFERENCE_BYTES }, this.#one, 0);
    return this.#one;
  }

  /** By shard of keys the numbers of those whose keys are in it, of all that a test is true for. */
  byKeysShard(isMeant: (n: number) => boolean, shardOf: (reference: Uint8Array) => number): Int32Array[] {
    return parted(this.count, SHARDS, (n) => (isMeant(n) ? shardOf(this.of(n)) : -1));
  }
}
