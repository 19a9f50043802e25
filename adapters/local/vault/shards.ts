import { Buffer } from 'node:buffer';
import { type Erasure, type ErasureLog, SKEW_MS } from '../../../etl/privacy/erasure.ts';
import { grouped } from '../../../etl/privacy/grouped.ts';
import { referenceDigest } from '../../../etl/privacy/reference-digest.ts';
import { type Book, keyOf, parseBook, withPeriods } from './book.ts';
import { KeysOfShard } from './keys-of-shard.ts';
import { PERSON, type Person, personRecord, readPerson, shardOfIndex } from './people.ts';
import { findRecord, withRecords } from './records.ts';
import { recordsOf, writtenMsOf } from './shard-bytes.ts';
import type { VaultFiles } from './vault-files.ts';

type ErasedSubject = Extract<Erasure['of'], { kind: 'subject' }> & { readonly atMs: number };

/**
 * What a vault's files hold, less whatever the log of erasures says was destroyed: a file may be older than the log, where a
 * process died between the two, or somebody put an older copy back.
 */
export interface Shards {
  book(): Promise<Book | undefined>;
  people(shard: number): Promise<Buffer>;
  keys(shard: number): Promise<KeysOfShard>;
}

/** The shards as they are now; a look at the log is kept as long as the object. */
export async function openShards(files: VaultFiles, log: ErasureLog): Promise<Shards> {
  const erasures = await log.all();
  const subjects = erasures.flatMap(({ at, of }): ErasedSubject[] =>
    of.kind === 'subject' ? [{ ...of, atMs: Date.parse(at) }] : [],
  );
  const periods = erasures.flatMap(({ of }) => (of.kind === 'period' ? [{ ...of, key: null }] : []));
  let book: Promise<Book | undefined> | undefined;
  const readBook = async (): Promise<Book | undefined> => {
    const bytes = await files.read('book');
    return bytes === undefined ? undefined : withPeriods(parseBook(bytes), periods);
  };
  const bookNow = (): Promise<Book | undefined> => {
    book ??= readBook();
    return book;
  };
  return {
    book: bookNow,
    async people(shard) {
      const bytes = await files.read(shardName('people', shard));
      const [records, writtenMs] = [recordsOf(bytes), writtenMsOf(bytes)];
      // What was written later has the tombstones.
      const erased = subjects.filter(
        ({ index, atMs }) =>
          atMs > writtenMs - SKEW_MS && shardOfIndex(Buffer.from(index.slice(0, 2), 'hex')) === shard,
      );
      if (erased.length === 0) return records;
      const secret = await referenceSecret(bookNow);
      return withTombstones(records, secret, erased);
    },
    async keys(shard) {
      const bytes = await files.read(shardName('keys', shard));
      const writtenMs = writtenMsOf(bytes);
      const erased = subjects.filter(
        ({ reference, atMs }) => reference.shard === shard && atMs > writtenMs - SKEW_MS,
      );
      if (erased.length === 0) return new KeysOfShard(bytes, undefined);
      const digests = new Set(erased.map(({ reference }) => reference.digest));
      return new KeysOfShard(bytes, { digests, secret: await referenceSecret(bookNow) });
    },
  };
}

/** `people/3` */
export const shardName = (kind: 'people' | 'keys', shard: number): string => `${kind}/${shard.toString(16)}`;

/** The people with a tombstone for each who was erased, and without a reference that was. */
function withTombstones(records: Buffer, secret: Uint8Array, erased: readonly ErasedSubject[]): Buffer {
  const changed = [...grouped(erased, ({ index }) => index)].flatMap(([hex, ofOne]) => {
    const index = Buffer.from(hex, 'hex');
    const at = findRecord(records, PERSON, index);
    const person: Person = at < 0 ? { index } : readPerson(records, at);
    const digest = person.reference && referenceDigest(secret, person.reference);
    const last = ofOne.reduce((one, other) => (other.atMs > one.atMs ? other : one));
    const isGone = ofOne.some(({ reference }) => reference.digest === digest);
    if (!isGone && (person.forgotten?.atMs ?? 0) >= last.atMs) return [];
    const { reference } = isGone ? {} : person;
    const forgotten = { atMs: last.atMs, untilMs: Date.parse(last.until) };
    return [personRecord({ index, forgotten, ...(reference === undefined ? {} : { reference }) })];
  });
  return changed.length === 0 ? records : withRecords(records, PERSON, Buffer.concat(changed));
}

async function referenceSecret(book: Shards['book']): Promise<Uint8Array> {
  return keyOf((await book())?.referenceSecret ?? '');
}
