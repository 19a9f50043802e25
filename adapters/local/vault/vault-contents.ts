import { Buffer } from 'node:buffer';
import { grouped } from '../../../etl/privacy/grouped.ts';
import type { ProtectedColumn, VaultPeriod } from '../../../etl/privacy/vault.ts';
import {
  bookBytes,
  destroyedPeriods,
  keptPeriods,
  keyOf,
  newBook,
  parseBook,
  periodKey,
  withPeriods,
} from './book.ts';
import { PERSON, type Person, personRecord, readPerson, shardOfIndex } from './people.ts';
import { NO_RECORDS, withRecords } from './records.ts';
import { recordsOf, shardBytes } from './shard-bytes.ts';
import { shardName } from './shards.ts';
import { referenceIn, SUBJECT_KEY, shardOf, subjectKeyAt, subjectKeyName } from './subject-keys.ts';

/** A subject's key for a data group, by its reference. */
export interface MovedKey {
  readonly reference: Uint8Array;
  readonly group: string;
  readonly key: Uint8Array;
}

/** All that a vault holds, opened: what moves from one kind of vault into the other. */
export interface VaultContents {
  readonly pepper: Uint8Array;
  readonly referenceSecret: Uint8Array;
  readonly groups: readonly string[];
  /** By their ids. */
  readonly columns: ReadonlyMap<string, ProtectedColumn>;
  readonly periods: readonly { readonly period: VaultPeriod; readonly key: Uint8Array }[];
  /** Periods whose keys were destroyed, and must not be made again. */
  readonly destroyed: readonly VaultPeriod[];
  readonly people: readonly Person[];
  readonly keys: readonly MovedKey[];
}

/** What the files of a vault hold, each opened, by their names. */
export function contentsOf(files: ReadonlyMap<string, Uint8Array>): VaultContents {
  const book = parseBook(files.get('book') ?? new Uint8Array());
  const { groups } = book;
  const kept = keptPeriods(book);
  const read = <T>(kind: 'people' | 'keys', width: number, of: (records: Buffer, at: number) => T): T[] =>
    [...files]
      .filter(([name]) => name.startsWith(`${kind}/`))
      .flatMap(([, bytes]) => {
        const records = recordsOf(Buffer.from(bytes));
        return Array.from({ length: records.length / width }, (_, n) => of(records, n * width));
      });
  return {
    ...{ pepper: keyOf(book.pepper), referenceSecret: keyOf(book.referenceSecret), groups },
    columns: new Map(Object.entries(book.columns)),
    periods: kept.map((period) => ({ period, key: keyOf(periodKey(book, period) ?? '') })),
    destroyed: destroyedPeriods(book),
    people: read('people', PERSON.widthBytes, readPerson),
    keys: read('keys', SUBJECT_KEY.widthBytes, (records, at) => {
      const record = records.subarray(at, at + SUBJECT_KEY.widthBytes);
      const group = groups[record.readUInt16BE(16)] ?? '';
      return { reference: referenceIn(record), group, key: subjectKeyAt(records, at) };
    }),
  };
}

/** The files of a vault that holds this, by their names, as they are written at a moment; the book is the last. */
export function filesOf(contents: VaultContents, now: Date): ReadonlyMap<string, Buffer> {
  const { pepper, referenceSecret, groups, columns, periods, destroyed, people, keys } = contents;
  const files = new Map<string, Buffer>();
  const add = (kind: 'people' | 'keys', shard: number, records: Buffer): void =>
    void files.set(shardName(kind, shard), shardBytes(records, now));
  for (const [shard, some] of grouped(people, ({ index }) => shardOfIndex(index)))
    add('people', shard, withRecords(NO_RECORDS, PERSON, Buffer.concat(some.map(personRecord))));
  const places = new Map(groups.map((group, n) => [group, n]));
  for (const [shard, some] of grouped(keys, ({ reference }) => shardOf(referenceSecret, reference))) {
    const records = some.map(({ reference, group, key }) =>
      Buffer.concat([subjectKeyName(reference, places.get(group) ?? 0), key]),
    );
    add('keys', shard, withRecords(NO_RECORDS, SUBJECT_KEY, Buffer.concat(records)));
  }
  const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
  const book = withPeriods(
    {
      ...newBook(now),
      ...{ pepper: text(pepper), referenceSecret: text(referenceSecret), groups: [...groups] },
      columns: Object.fromEntries(columns),
    },
    [
      ...periods.map(({ period, key }) => ({ ...period, key: text(key) })),
      ...destroyed.map((period) => ({ ...period, key: null })),
    ],
  );
  return files.set('book', bookBytes(book));
}
