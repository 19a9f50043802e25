import { Buffer } from 'node:buffer';
import { toBase32 } from '../../../etl/privacy/base32.ts';
import type { FoundSubject } from '../../../etl/privacy/vault.ts';
import { datedMsOf } from './find-subjects.ts';
import { isForgottenAt, PERSON, personRecordIn } from './people.ts';
import { findRecordOf, withRecords } from './records.ts';
import { References } from './references.ts';
import { shardBytes } from './shard-bytes.ts';
import { type Shards, shardName } from './shards.ts';
import { byPeopleShard, indexAt, type Search, type Sought } from './sought.ts';
import { NewSubjectKeys } from './subject-keys.ts';
import type { VaultFiles } from './vault-files.ts';

/** What becomes of a subject that was asked for. */
const [FORGOTTEN, REFERRED, NEW] = [1, 2, 3];

/** What is made of whom. */
interface Making {
  readonly sought: Sought;
  readonly search: Search;
  readonly references: References;
  readonly becomes: Uint8Array;
  /** By number that of the first who has the same index: whoever is asked for twice is made once. */
  readonly firsts: Int32Array;
  /** By shard of people the numbers of those who are in it. */
  readonly byShard: readonly Int32Array[];
}

/**
 * Gives subjects what they lack: a reference, and a key for each group; returns what the vault has of each then. Keys are
 * on the disk before any reference that leads to them. Only in a turn, with shards that were opened in it.
 */
export async function makeSubjects(
  files: VaultFiles,
  shards: Shards,
  { sought, search }: { readonly sought: Sought; readonly search: Search },
): Promise<readonly FoundSubject[]> {
  const count = sought.named.length;
  const making: Making = {
    ...{ sought, search, references: new References(count), becomes: new Uint8Array(count) },
    ...{ firsts: new Int32Array(count), byShard: byPeopleShard(sought) },
  };
  for (const [shard, numbers] of making.byShard.entries())
    if (numbers.length > 0) decide(making, numbers, await shards.people(shard));
  const found: FoundSubject[] = Array.from({ length: count });
  await files.write(changedKeys(making, shards, found));
  await files.write(changedPeople(making, shards));
  for (let n = 0; n < count; n++)
    found[n] = found[making.firsts[n] ?? n] ?? ({ kind: 'forgotten' } satisfies FoundSubject);
  return found;
}

/** Decides what becomes of those who are in a shard of people. */
function decide(making: Making, numbers: Int32Array, records: Buffer): void {
  const { sought, search, references, becomes, firsts } = making;
  const seen = new SeenIndexes(sought.indexes);
  for (const n of numbers) {
    const at = findRecordOf(records, PERSON, { keys: sought.indexes, at: indexAt(n) });
    firsts[n] = n;
    if (at >= 0 && isForgottenAt(records, at, { datedMs: datedMsOf(sought, n), nowMs: search.nowMs })) {
      becomes[n] = FORGOTTEN;
      continue;
    }
    firsts[n] = seen.firstOf(n);
    becomes[n] = at >= 0 && references.take(n, records, at) ? REFERRED : NEW;
  }
}

/** Indexes that were met, and who had them first. */
class SeenIndexes {
  readonly #indexes: Buffer;
  readonly #byBeginning = new Map<number, number[]>();

  constructor(indexes: Buffer) {
    this.#indexes = indexes;
  }

  firstOf(n: number): number {
    const at = indexAt(n);
    // An index is random, and its first six bytes are nearly always its own.
    const beginning = this.#indexes.readUIntBE(at, 6);
    const met = this.#byBeginning.get(beginning);
    if (met === undefined) {
      this.#byBeginning.set(beginning, [n]);
      return n;
    }
    const known = met.find((one) => this.#isSame(at, indexAt(one)));
    if (known === undefined) met.push(n);
    return known ?? n;
  }

  #isSame(at: number, other: number): boolean {
    const { keyBytes } = PERSON;
    return this.#indexes.compare(this.#indexes, at, at + keyBytes, other, other + keyBytes) === 0;
  }
}

/** The shards with the keys that references lack; each subject is told what it has then. */
async function* changedKeys(
  { search, references, becomes, firsts }: Making,
  shards: Shards,
  found: FoundSubject[],
): AsyncGenerator<[name: string, bytes: Buffer]> {
  const isMeant = (n: number): boolean => becomes[n] !== FORGOTTEN && firsts[n] === n;
  for (const [shard, numbers] of references.byKeysShard(isMeant, search.shardOf).entries()) {
    if (numbers.length === 0) continue;
    const ofAll = await shards.keys(shard);
    const made = new NewSubjectKeys(numbers.length * search.groups.length);
    for (const n of numbers) {
      const reference = references.of(n);
      const keys = search.groups.map((group) => {
        const known = becomes[n] === NEW ? undefined : ofAll.keyOf(reference, group);
        return known ?? made.add(reference, group);
      });
      found[n] = { kind: 'known', reference: toBase32(reference), keys };
    }
    const records = made.records();
    if (records.length === 0) continue;
    yield [shardName('keys', shard), await ofAll.bytesWith(records, new Date(search.nowMs))];
  }
}

/** The shards with the people who are new. */
async function* changedPeople(
  { sought, search, references, becomes, firsts, byShard }: Making,
  shards: Shards,
): AsyncGenerator<[name: string, bytes: Buffer]> {
  for (const [shard, numbers] of byShard.entries()) {
    const made = numbers.filter((n) => becomes[n] === NEW && firsts[n] === n);
    if (made.length === 0) continue;
    const records = await shards.people(shard);
    const added = Buffer.alloc(made.length * PERSON.widthBytes);
    for (const [m, n] of made.entries()) {
      const known = findRecordOf(records, PERSON, { keys: sought.indexes, at: indexAt(n) });
      personRecordIn(added, m * PERSON.widthBytes, {
        ...{ indexes: sought.indexes, indexAt: indexAt(n), reference: references.of(n) },
        ...{ records, known },
      });
    }
    yield [
      shardName('people', shard),
      shardBytes(withRecords(records, PERSON, added), new Date(search.nowMs)),
    ];
  }
}
