import { Buffer } from 'node:buffer';
import { toBase32 } from '../../../etl/privacy/base32.ts';
import { grouped } from '../../../etl/privacy/grouped.ts';
import { randomPiece } from '../../../etl/privacy/random.ts';
import type { FoundSubject } from '../../../etl/privacy/vault.ts';
import { findPeople, isForgotten, keyIn, type Search, type Sought } from './find-subjects.ts';
import { PERSON, personRecord, REFERENCE_BYTES, shardOfIndex } from './people.ts';
import { withRecords } from './records.ts';
import { type Shards, shardBytes, shardName } from './shards.ts';
import { newSubjectKey, SUBJECT_KEY, shardOf, subjectKeyAt } from './subject-keys.ts';
import type { VaultFiles } from './vault-files.ts';

/**
 * Gives subjects what they lack: a reference, and a key for each group; returns what the vault has of each then. Keys are
 * on the disk before any reference that leads to them. Only in a turn, with shards that were opened in it.
 */
export async function makeSubjects(
  files: VaultFiles,
  shards: Shards,
  { sought, search }: { readonly sought: readonly Sought[]; readonly search: Search },
): Promise<readonly FoundSubject[]> {
  const people = await findPeople(
    shards,
    sought.map(({ index }) => index),
  );
  const references = new Map<string, Buffer>();
  const made: Buffer[] = [];
  const names = sought.map(({ named, index }, n) => {
    const name = Buffer.from(index).toString('latin1');
    const person = people[n] ?? { index };
    if (isForgotten(person, named, search.nowMs)) return undefined;
    if (references.has(name)) return name;
    const reference = person.reference ?? randomPiece(REFERENCE_BYTES);
    references.set(name, reference);
    if (person.reference === undefined) made.push(personRecord({ ...person, index, reference }));
    return name;
  });
  const found = await addKeys(files, shards, { references, search });
  await addPeople(files, shards, { people: made, now: new Date(search.nowMs) });
  return names.map((name) => (name === undefined ? undefined : found.get(name)) ?? { kind: 'forgotten' });
}

/** Makes the keys that references lack; returns what each has, by its name. */
async function addKeys(
  files: VaultFiles,
  shards: Shards,
  { references, search }: { readonly references: ReadonlyMap<string, Buffer>; readonly search: Search },
): Promise<ReadonlyMap<string, FoundSubject>> {
  const found = new Map<string, FoundSubject>();
  async function* changed(): AsyncGenerator<[name: string, bytes: Buffer]> {
    const byShard = grouped(references, ([, reference]) => shardOf(search.secret, reference));
    for (const [shard, ofShard] of byShard) {
      const records = await shards.keys(shard);
      const made: Buffer[] = [];
      for (const [name, reference] of ofShard) {
        const keys = search.groups.map((group) => {
          const known = keyIn(records, reference, group);
          if (known !== undefined) return known;
          const record = newSubjectKey(reference, group);
          made.push(record);
          return subjectKeyAt(record, 0);
        });
        found.set(name, { kind: 'known', reference: toBase32(reference), keys });
      }
      if (made.length === 0) continue;
      const all = withRecords(records, SUBJECT_KEY, made);
      yield [shardName('keys', shard), shardBytes(all, new Date(search.nowMs))];
    }
  }
  await files.write(changed());
  return found;
}

async function addPeople(
  files: VaultFiles,
  shards: Shards,
  { people, now }: { readonly people: readonly Buffer[]; readonly now: Date },
): Promise<void> {
  async function* changed(): AsyncGenerator<[name: string, bytes: Buffer]> {
    for (const [shard, ofShard] of grouped(people, shardOfIndex)) {
      const records = withRecords(await shards.people(shard), PERSON, ofShard);
      yield [shardName('people', shard), shardBytes(records, now)];
    }
  }
  await files.write(changed());
}
