import type { Buffer } from 'node:buffer';
import { toBase32 } from '../../../etl/privacy/base32.ts';
import { grouped } from '../../../etl/privacy/grouped.ts';
import type { FoundSubject } from '../../../etl/privacy/vault.ts';
import { isForgottenAt, PERSON, type Person, readPerson, shardOfIndex } from './people.ts';
import { findRecord, findRecordOf } from './records.ts';
import { References } from './references.ts';
import type { Shards } from './shards.ts';
import { byPeopleShard, indexAt, type Search, type Sought } from './sought.ts';

/** What the vault has of each subject, in order; undefined where the subject, or a key of it, is yet to be made. */
export async function findSubjects(
  shards: Shards,
  sought: Sought,
  search: Search,
): Promise<readonly (FoundSubject | undefined)[]> {
  const { named, indexes } = sought;
  const found: (FoundSubject | undefined)[] = Array.from({ length: named.length });
  const references = new References(named.length);
  const isReferred = new Uint8Array(named.length);
  for (const [shard, numbers] of byPeopleShard(sought).entries()) {
    if (numbers.length === 0) continue;
    const records = await shards.people(shard);
    for (const n of numbers) {
      const at = findRecordOf(records, PERSON, { keys: indexes, at: indexAt(n) });
      if (at < 0) continue;
      if (isForgottenAt(records, at, { datedMs: datedMsOf(sought, n), nowMs: search.nowMs }))
        found[n] = { kind: 'forgotten' };
      else if (references.take(n, records, at)) isReferred[n] = 1;
    }
  }
  const byShard = references.byKeysShard((n) => isReferred[n] === 1, search.shardOf);
  for (const [shard, numbers] of byShard.entries()) {
    if (numbers.length === 0) continue;
    const ofAll = await shards.keys(shard);
    for (const n of numbers) {
      const reference = references.of(n);
      const keys = search.groups.flatMap((group) => ofAll.keyOf(reference, group) ?? []);
      if (keys.length === search.groups.length)
        found[n] = { kind: 'known', reference: toBase32(reference), keys };
    }
  }
  return found;
}

/** The time of the record that names one. */
export const datedMsOf = ({ named }: Sought, n: number): number => named[n]?.dated.getTime() ?? 0;

/** What the vault has under each index, in order. */
export async function findPeople(
  shards: Shards,
  indexes: readonly Uint8Array[],
): Promise<readonly (Person | undefined)[]> {
  const people: (Person | undefined)[] = indexes.map(() => undefined);
  for (const [shard, places] of grouped(indexes.keys(), (n) => shardOfIndex(indexes[n] as Uint8Array))) {
    const records: Buffer = await shards.people(shard);
    for (const n of places) {
      const at = findRecord(records, PERSON, indexes[n] as Uint8Array);
      if (at >= 0) people[n] = readPerson(records, at);
    }
  }
  return people;
}
