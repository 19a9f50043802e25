import { Buffer } from 'node:buffer';
import { copyBytes } from '../../../etl/privacy/cells/copy-bytes.ts';
import type { NamedSubject } from '../../../etl/privacy/vault.ts';
import { parted } from './parted.ts';
import { PERSON, SHARDS, shardOfByte } from './people.ts';
import type { VaultDigests } from './vault-digests.ts';

/** Bytes of an index. */
const INDEX_BYTES = PERSON.keyBytes;

/**
 * Subjects that are looked for. There may be a hundred thousand at a time, so what is known of each stands in common pieces
 * of memory, by its number.
 */
export interface Sought {
  /** How records name them. */
  readonly named: readonly NamedSubject[];
  /** The indexes by which the vault finds them, one behind another. */
  readonly indexes: Buffer;
}

/** What is looked for in common: the numbers of data groups, the shards of references, the time. */
export interface Search {
  readonly groups: readonly number[];
  readonly shardOf: (reference: Uint8Array) => number;
  readonly nowMs: number;
}

/** Subjects as the vault looks for them. */
export function soughtSubjects(named: readonly NamedSubject[], digests: VaultDigests): Sought {
  const indexes = Buffer.alloc(named.length * INDEX_BYTES);
  for (const [n, { kind, id }] of named.entries())
    copyBytes({ bytes: digests.indexOf(kind, id), start: 0, end: INDEX_BYTES }, indexes, n * INDEX_BYTES);
  return { named, indexes };
}

/** Those of them that a test is true for. */
export function soughtWhere({ named, indexes }: Sought, isMeant: (n: number) => boolean): Sought {
  const kept = named.filter((_, n) => isMeant(n));
  if (kept.length === named.length) return { named, indexes };
  const rest = Buffer.alloc(kept.length * INDEX_BYTES);
  let at = 0;
  for (let n = 0; n < named.length; n++) {
    const [start, end] = [n * INDEX_BYTES, (n + 1) * INDEX_BYTES];
    if (isMeant(n)) at = copyBytes({ bytes: indexes, start, end }, rest, at);
  }
  return { named: kept, indexes: rest };
}

/** Where the index of one begins. */
export const indexAt = (n: number): number => n * INDEX_BYTES;

/** By shard of people the numbers of those who are in it. */
export const byPeopleShard = ({ named, indexes }: Sought): Int32Array[] =>
  parted(named.length, SHARDS, (n) => shardOfByte(indexes[indexAt(n)]));
