import { Buffer } from 'node:buffer';
import { toBase32 } from '../../../etl/privacy/base32.ts';
import { grouped } from '../../../etl/privacy/grouped.ts';
import { randomPiece } from '../../../etl/privacy/random.ts';
import type { FoundSubject } from '../../../etl/privacy/vault.ts';
import { findPeople, isForgotten, type Search, type Sought } from './find-subjects.ts';
import { PERSON, type Person, personRecords, REFERENCE_BYTES, shardOfIndex } from './people.ts';
import { withRecords } from './records.ts';
import { shardBytes } from './shard-bytes.ts';
import { type Shards, shardName } from './shards.ts';
import { NewSubjectKeys } from './subject-keys.ts';
import type { VaultFiles } from './vault-files.ts';

/** Somebody who is given what they lack. */
interface Making {
  readonly index: Uint8Array;
  readonly reference: Buffer;
  /** Whether the reference is new, too. */
  readonly isNew: boolean;
  found?: FoundSubject;
  /** Another whose index begins with the same bytes. */
  next?: Making | undefined;
}

/** Everybody who is given something, each once. */
class Makings {
  readonly all: Making[] = [];
  readonly #byBeginning = new Map<number, Making>();

  of(index: Uint8Array): Making | undefined {
    let one = this.#byBeginning.get(beginningOf(index));
    while (one !== undefined && Buffer.compare(one.index, index) !== 0) one = one.next;
    return one;
  }

  add(making: Making): void {
    const beginning = beginningOf(making.index);
    making.next = this.#byBeginning.get(beginning);
    this.#byBeginning.set(beginning, making);
    this.all.push(making);
  }
}

/** The first six bytes as a number: an index is random, and they are nearly always its own. */
function beginningOf(index: Uint8Array): number {
  let beginning = 0;
  for (let n = 0; n < 6; n++) beginning = beginning * 256 + (index[n] ?? 0);
  return beginning;
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
  const makings = new Makings();
  const made: Person[] = [];
  const ofEach = sought.map(({ named, index }, n) => {
    const person = people[n] ?? { index };
    if (isForgotten(person, named, search.nowMs)) return undefined;
    const known = makings.of(index);
    if (known !== undefined) return known;
    const isNew = person.reference === undefined;
    const making: Making = { index, reference: person.reference ?? randomPiece(REFERENCE_BYTES), isNew };
    makings.add(making);
    if (isNew) made.push({ ...person, index, reference: making.reference });
    return making;
  });
  await addKeys(files, shards, { makings: makings.all, search });
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
      const made = new NewSubjectKeys(ofShard.length * search.groups.length);
      for (const making of ofShard) {
        const { reference, isNew } = making;
        const keys = search.groups.map((group) => {
          const known = isNew ? undefined : ofAll.keyOf(reference, group);
          return known ?? made.add(reference, group);
        });
        making.found = { kind: 'known', reference: toBase32(reference), keys };
      }
      const records = made.records();
      if (records.length === 0) continue;
      yield [shardName('keys', shard), await ofAll.bytesWith(records, new Date(search.nowMs))];
    }
  }
  await files.write(changed());
}

async function addPeople(
  files: VaultFiles,
  shards: Shards,
  { people, now }: { readonly people: readonly Person[]; readonly now: Date },
): Promise<void> {
  async function* changed(): AsyncGenerator<[name: string, bytes: Buffer]> {
    for (const [shard, ofShard] of grouped(people, ({ index }) => shardOfIndex(index))) {
      const records = withRecords(await shards.people(shard), PERSON, personRecords(ofShard));
      yield [shardName('people', shard), shardBytes(records, now)];
    }
  }
  await files.write(changed());
}
