import { Buffer } from 'node:buffer';
import { toBase32 } from '../../../etl/privacy/base32.ts';
import { grouped } from '../../../etl/privacy/grouped.ts';
import { randomPiece } from '../../../etl/privacy/random.ts';
import type { FoundSubject } from '../../../etl/privacy/vault.ts';
import { findPeople, isForgotten, type Search, type Sought } from './find-subjects.ts';
import { PERSON, personRecord, REFERENCE_BYTES, shardOfIndex } from './people.ts';
import { withRecords } from './records.ts';
import { shardBytes } from './shard-bytes.ts';
import { type Shards, shardName } from './shards.ts';
import { newSubjectKey, subjectKeyAt } from './subject-keys.ts';
import type { VaultFiles } from './vault-files.ts';

/** Somebody who is given what they lack. */
interface Making {
  readonly reference: Buffer;
  /** Whether the reference is new, too. */
  readonly isNew: boolean;
  found?: FoundSubject;
}

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
  const makings = new Map<string, Making>();
  const made: Buffer[] = [];
  const ofEach = sought.map(({ named, index }, n) => {
    const person = people[n] ?? { index };
    if (isForgotten(person, named, search.nowMs)) return undefined;
    const name = Buffer.from(index.buffer, index.byteOffset, index.length).toString('latin1');
    const known = makings.get(name);
    if (known !== undefined) return known;
    const isNew = person.reference === undefined;
    const making: Making = { reference: person.reference ?? randomPiece(REFERENCE_BYTES), isNew };
    makings.set(name, making);
    if (isNew) made.push(personRecord({ ...person, index, reference: making.reference }));
    return making;
  });
  await addKeys(files, shards, { makings: [...makings.values()], search });
  await addPeople(files, shards, { people: made, now: new Date(search.nowMs) });
  return ofEach.map((making) => making?.found ?? { kind: 'forgotten' });
}

/** Makes the keys that references lack, and tells each what it has then. */
async function addKeys(
  files: VaultFiles,
  shards: Shards,
  { makings, search }: { readonly makings: readonly Making[]; readonly search: Search },
): Promise<void> {
  async function* changed(): AsyncGenerator<[name: string, bytes: Buffer]> {
    for (const [shard, ofShard] of grouped(makings, ({ reference }) => search.shardOf(reference))) {
      const ofAll = await shards.keys(shard);
      const made: Buffer[] = [];
      for (const making of ofShard) {
        const { reference, isNew } = making;
        const keys = search.groups.map((group) => {
          const known = isNew ? undefined : ofAll.keyOf(reference, group);
          if (known !== undefined) return known;
          const record = newSubjectKey(reference, group);
          made.push(record);
          return subjectKeyAt(record, 0);
        });
        making.found = { kind: 'known', reference: toBase32(reference), keys };
      }
      if (made.length === 0) continue;
      yield [shardName('keys', shard), ofAll.bytesWith(made, new Date(search.nowMs))];
    }
  }
  await files.write(changed());
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
