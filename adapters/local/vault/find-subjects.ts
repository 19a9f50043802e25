import { toBase32 } from '../../../etl/privacy/base32.ts';
import { grouped } from '../../../etl/privacy/grouped.ts';
import type { FoundSubject, NamedSubject } from '../../../etl/privacy/vault.ts';
import { PERSON, type Person, readPerson, shardOfIndex } from './people.ts';
import { findRecord } from './records.ts';
import type { Shards } from './shards.ts';

/** A subject that is looked for: how a record names it, and the index that the vault finds it by. */
export interface Sought {
  readonly named: NamedSubject;
  readonly index: Uint8Array;
}

/** What is looked for in common: the numbers of data groups, the shards of references, the time. */
export interface Search {
  readonly groups: readonly number[];
  readonly shardOf: (reference: Uint8Array) => number;
  readonly nowMs: number;
}

/** What the vault has of each subject, in order; undefined where the subject, or a key of it, is yet to be made. */
export async function findSubjects(
  shards: Shards,
  sought: readonly Sought[],
  search: Search,
): Promise<readonly (FoundSubject | undefined)[]> {
  const people = await findPeople(
    shards,
    sought.map(({ index }) => index),
  );
  const found: (FoundSubject | undefined)[] = sought.map(({ named }, n) =>
    isForgotten(people[n], named, search.nowMs) ? { kind: 'forgotten' } : undefined,
  );
  const places = sought.flatMap((_, n) => {
    const reference = found[n] === undefined ? people[n]?.reference : undefined;
    return reference === undefined ? [] : [{ n, reference }];
  });
  for (const [shard, ofShard] of grouped(places, ({ reference }) => search.shardOf(reference))) {
    const ofAll = await shards.keys(shard);
    for (const { n, reference } of ofShard) {
      const keys = search.groups.flatMap((group) => ofAll.keyOf(reference, group) ?? []);
      if (keys.length === search.groups.length)
        found[n] = { kind: 'known', reference: toBase32(reference), keys };
    }
  }
  return found;
}

/** What the vault has under each index, in order. */
export async function findPeople(
  shards: Shards,
  indexes: readonly Uint8Array[],
): Promise<readonly (Person | undefined)[]> {
  const people: (Person | undefined)[] = indexes.map(() => undefined);
  for (const [shard, places] of grouped(indexes.keys(), (n) => shardOfIndex(indexes[n] as Uint8Array))) {
    const records = await shards.people(shard);
    for (const n of places) {
      const at = findRecord(records, PERSON, indexes[n] as Uint8Array);
      if (at >= 0) people[n] = readPerson(records, at);
    }
  }
  return people;
}

/** Whether a record of a time is of a person who was forgotten later; a newer one is another person's. */
export function isForgotten(person: Person | undefined, { dated }: NamedSubject, nowMs: number): boolean {
  const forgotten = person?.forgotten;
  return forgotten !== undefined && nowMs < forgotten.untilMs && dated.getTime() < forgotten.atMs;
}
