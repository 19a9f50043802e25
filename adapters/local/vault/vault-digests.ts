import { Buffer } from 'node:buffer';
import { ShortHmac } from '../../../etl/privacy/short-hmac.ts';
import { Sodium } from '../../../etl/privacy/sodium.ts';
import { subjectIndex } from '../../../etl/privacy/subject-id.ts';
import { type Book, keyOf } from './book.ts';
import { REFERENCE_BYTES, shardOfByte } from './people.ts';
import { SHARD_LABEL } from './subject-keys.ts';

/** What a vault finds subjects by, and their keys; the same as subjectIndex and shardOf say, for many at once. */
export interface VaultDigests {
  indexOf(kind: string, id: string): Uint8Array;
  shardOf(reference: Uint8Array): number;
}

/** Longer ids than this are rare. */
const SHORT_CHARACTERS = 200;

/** Makes a vault's digests, once for the same secrets. */
export class DigestMaker {
  #made:
    | { readonly pepper: string; readonly secret: string; readonly digests: Promise<VaultDigests> }
    | undefined;

  async of({ pepper, referenceSecret: secret }: Book): Promise<VaultDigests> {
    if (this.#made?.pepper !== pepper || this.#made.secret !== secret) {
      const digests = Sodium.open().then((sodium) => digestsOf(sodium, keyOf(pepper), keyOf(secret)));
      // Whoever waits for them gets the error.
      digests.catch(() => undefined);
      this.#made = { pepper, secret, digests };
    }
    return await this.#made.digests;
  }
}

function digestsOf(sodium: Sodium, pepper: Uint8Array, secret: Uint8Array): VaultDigests {
  const [indexes, shards] = [new ShortHmac(sodium, pepper), new ShortHmac(sodium, secret)];
  const asked = Buffer.alloc(SHARD_LABEL.length + REFERENCE_BYTES);
  asked.write(SHARD_LABEL);
  return {
    indexOf(kind, id) {
      if (kind.length + id.length > SHORT_CHARACTERS) return subjectIndex(pepper, kind, id);
      // The kind's length stands before it, as subjectIndex has it.
      const length = Buffer.byteLength(kind);
      const message = Buffer.allocUnsafe(2 + length + id.length * 3);
      message.writeUInt16BE(length);
      message.write(kind, 2);
      const end = 2 + length + message.write(id, 2 + length);
      return indexes.digest(message.subarray(0, end));
    },
    shardOf(reference) {
      asked.set(reference, SHARD_LABEL.length);
      return shardOfByte(shards.digest(asked)[0]);
    },
  };
}
