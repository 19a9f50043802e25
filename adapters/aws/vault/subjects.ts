import { Buffer } from 'node:buffer';
import { fromBase32, toBase32 } from '../../../etl/privacy/base32.ts';
import type { Erased } from '../../../etl/privacy/erased.ts';
import { randomPiece } from '../../../etl/privacy/random.ts';
import { referenceDigest } from '../../../etl/privacy/reference-digest.ts';
import { subjectIndex } from '../../../etl/privacy/subject-id.ts';
import type { FoundSubject, NamedSubject } from '../../../etl/privacy/vault.ts';
import { addGroups } from './groups.ts';
import type { OpenVault } from './open-vault.ts';
import { isForgotten, type Person, parsePerson, personBytes } from './person.ts';
import { type Place, peopleShard, personPlace, shardOfReference, subjectKeyPlace } from './places.ts';
import type { Item } from './vault-table.ts';

const [REFERENCE_BYTES, KEY_BYTES] = [16, 32];
/** Two processes that make the same subject differ at most so often before both see what one of them made. */
const ROUNDS = 10;

/** What the log of erasures and the secret of references say about what is read. */
interface Look {
  readonly erased: Erased;
  readonly secret: Uint8Array;
  readonly nowMs: number;
}

/** A subject as it stands in the table, less what was erased. */
export interface FoundPerson extends Person {
  readonly index: string;
  /** The item as it was read; undefined where there is none. */
  readonly item: Item | undefined;
}

/** What the vault has of subjects, which get what they lack. Keys are in the table before a reference that leads to them. */
export async function findOrMakeSubjects(
  vault: OpenVault,
  asked: readonly NamedSubject[],
  groups: readonly string[],
): Promise<readonly FoundSubject[]> {
  await addGroups(vault, groups);
  const pepper = await vault.pepper();
  const look: Look = {
    erased: await vault.erased(),
    secret: await vault.referenceSecret(),
    nowMs: vault.clock.now().getTime(),
  };
  const indexes = asked.map(({ kind, id }) => Buffer.from(subjectIndex(pepper, kind, id)).toString('hex'));
  const found = new Map<string, FoundSubject>();
  const people = new Map<string, FoundPerson>();
  // Who is only named by records older than the forgetting gets nothing made.
  let open = new Set<string>();
  const isOld = (person: FoundPerson, n: number): boolean =>
    isForgotten(person, (asked[n] as NamedSubject).dated.getTime(), look.nowMs);
  const readPeople = async (some: readonly string[]): Promise<void> => {
    for (const person of await findPeople(vault, some, look)) people.set(person.index, person);
  };
  await readPeople([...new Set(indexes)]);
  for (const [n, index] of indexes.entries())
    if (!isOld(people.get(index) as FoundPerson, n)) open.add(index);
  for (let round = 0; open.size > 0 && round < ROUNDS; round++) {
    if (round > 0) await readPeople([...open]);
    const these = [...open].map((index) => people.get(index) as FoundPerson);
    for (const [index, subject] of await withKeys(vault, these, groups, look)) found.set(index, subject);
    open = new Set([...open].filter((index) => !found.has(index)));
  }
  if (open.size > 0)
    throw new Error(`${open.size} subjects were changed by others ${ROUNDS} times while they were made`);
  return indexes.map((index, n) =>
    isOld(people.get(index) as FoundPerson, n) ? { kind: 'forgotten' } : (found.get(index) as FoundSubject),
  );
}

/** What the table has under each index, less what the log says is gone. */
export async function findPeople(
  vault: OpenVault,
  indexes: readonly string[],
  { erased, secret }: Pick<Look, 'erased' | 'secret'>,
): Promise<readonly FoundPerson[]> {
  const read = await vault.items.read(indexes.map(personPlace));
  return indexes.map((index, n) => {
    const opened = read[n];
    const stored = opened === undefined ? {} : parsePerson(opened.bytes);
    const { reference } = stored;
    const isGone = reference !== undefined && erased.isGone(referenceDigest(secret, bytesOf(reference)));
    const later = erased.tombstoneOf(index);
    const forgotten = (later?.atMs ?? 0) > (stored.forgotten?.atMs ?? 0) ? later : stored.forgotten;
    return {
      ...{ index, item: opened?.item },
      ...(reference === undefined || isGone ? {} : { reference }),
      ...(forgotten === undefined ? {} : { forgotten }),
    };
  });
}

/** People that are opened at one time. */
const OPENED = 500;

/** Everybody whom a shard holds, as they stand in the table. */
export async function* everyPerson(
  vault: OpenVault,
  shard: number,
): AsyncGenerator<Person & { readonly index: string }> {
  let batch: Item[] = [];
  const opened = async () => {
    const items = await vault.items.openAll(batch);
    batch = [];
    return items.map(({ item, bytes }) => ({ index: item.name, ...parsePerson(bytes) }));
  };
  for await (const item of vault.table.all(peopleShard(shard))) {
    batch.push(item);
    if (batch.length === OPENED) yield* await opened();
  }
  yield* await opened();
}

/** Where a reference's keys for some groups are. */
export const keyPlaces = (secret: Uint8Array, reference: string, groups: readonly string[]): Place[] => {
  const shard = shardOfReference(secret, bytesOf(reference));
  return groups.map((group) => subjectKeyPlace(group, reference, shard));
};

/** Each person's keys, by index, made where there are none; without those whom another process changed meanwhile. */
async function withKeys(
  vault: OpenVault,
  people: readonly FoundPerson[],
  groups: readonly string[],
  { secret }: Look,
): Promise<ReadonlyMap<string, FoundSubject>> {
  const referenced = people.map((person) => ({
    person,
    reference: person.reference ?? toBase32(randomPiece(REFERENCE_BYTES)),
  }));
  const places = referenced.map(({ reference }) => keyPlaces(secret, reference, groups));
  const old = referenced.flatMap(({ person }, n) => (person.reference === undefined ? [] : [n]));
  const known = await vault.items.read(old.flatMap((n) => places[n] as Place[]));
  const keys = new Map<number, (Uint8Array | undefined)[]>(
    referenced.map((_, n) => [n, groups.map(() => undefined)]),
  );
  for (const [i, n] of old.entries())
    keys.set(
      n,
      groups.map((_, g) => known[i * groups.length + g]?.bytes),
    );
  const made = await makeKeys(vault, {
    keys,
    places,
    isNew: (n) => referenced[n]?.person.reference === undefined,
  });
  const unnamed = referenced.filter(({ person }) => person.reference === undefined);
  const items = await vault.items.sealAll(
    unnamed.map(({ person: { index, forgotten }, reference }) => ({
      place: personPlace(index),
      bytes: personBytes({ reference, ...(forgotten === undefined ? {} : { forgotten }) }),
    })),
  );
  const named = await vault.table.swap(items.map((item, n) => ({ item, before: unnamed[n]?.person.item })));
  const isNamed = named.values();
  return new Map(
    referenced.flatMap(({ person, reference }, n): [string, FoundSubject][] => {
      const isThere = person.reference !== undefined || isNamed.next().value === true;
      const all = made.get(n) ?? [];
      if (!isThere || all.some((key) => key === undefined)) return [];
      return [[person.index, { kind: 'known', reference, keys: all as Uint8Array[] }]];
    }),
  );
}

interface ToMake {
  readonly keys: ReadonlyMap<number, readonly (Uint8Array | undefined)[]>;
  readonly places: readonly (readonly Place[])[];
  /** Nobody else knows a new one's reference: nobody else makes keys for it. */
  readonly isNew: (n: number) => boolean;
}

/** The keys with new ones where there were none; undefined where another process made one first. */
async function makeKeys(
  vault: OpenVault,
  { keys, places, isNew }: ToMake,
): Promise<Map<number, (Uint8Array | undefined)[]>> {
  const all = new Map([...keys].map(([n, some]) => [n, [...some]]));
  const lacking = [...all].flatMap(([n, some]) =>
    some.flatMap((key, g) => (key === undefined ? [{ n, g }] : [])),
  );
  const keysToSeal = lacking.map(({ n, g }) => ({
    place: (places[n] as Place[])[g] as Place,
    bytes: randomPiece(KEY_BYTES),
  }));
  const items = await vault.items.sealAll(keysToSeal);
  const making = lacking.map(({ n, g }, i) => ({
    ...{ n, g },
    key: keysToSeal[i]?.bytes as Uint8Array,
    item: items[i] as Item,
  }));
  const fresh = making.filter(({ n }) => isNew(n));
  await vault.table.write(fresh.map(({ item }) => item));
  const added = making.filter(({ n }) => !isNew(n));
  const isAdded = await vault.table.swap(added.map(({ item }) => ({ item, before: undefined })));
  for (const { n, g, key } of [...fresh, ...added.filter((_, i) => isAdded[i])])
    (all.get(n) as (Uint8Array | undefined)[])[g] = key;
  return all;
}

const bytesOf = (reference: string): Uint8Array => fromBase32(reference) ?? new Uint8Array();
