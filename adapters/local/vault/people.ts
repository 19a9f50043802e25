import { Buffer } from 'node:buffer';
import { copyBytes } from '../../../etl/privacy/cells/copy-bytes.ts';
import type { RecordShape } from './records.ts';

/** A subject's record: index (32), reference (16, zeros for none), when it was forgotten and until when that is known (8 each). */
export const PERSON: RecordShape = { widthBytes: 64, keyBytes: 32 };
export const REFERENCE_BYTES = 16;
const [REFERENCE_AT, FORGOTTEN_AT, UNTIL_AT] = [32, 48, 56];

/**
 * So many files hold subjects, and as many keys. A batch of new subjects writes all of them, each with a sync of the
 * disk; forgetting one writes two.
 */
const SHARD_BITS = 4;
export const SHARDS = 1 << SHARD_BITS;

/** The shard that a byte of a digest says. */
export const shardOfByte = (byte = 0): number => byte >>> (8 - SHARD_BITS);

/** Which shard a subject is in. */
export const shardOfIndex = (index: Uint8Array): number => shardOfByte(index[0]);

/** What a vault has of a subject: keys, by a reference; that it was forgotten; or both, where a new subject came under its id. */
export interface Person {
  readonly index: Uint8Array;
  readonly reference?: Buffer;
  readonly forgotten?: { readonly atMs: number; readonly untilMs: number };
}

export function personRecord(person: Person): Buffer {
  const record = Buffer.alloc(PERSON.widthBytes);
  writePerson(record, 0, person);
  return record;
}

/** Writes a person's record over zeros. */
function writePerson(out: Buffer, at: number, { index, reference, forgotten }: Person): void {
  copyBytes({ bytes: index, start: 0, end: PERSON.keyBytes }, out, at);
  if (reference !== undefined)
    copyBytes({ bytes: reference, start: 0, end: REFERENCE_BYTES }, out, at + REFERENCE_AT);
  if (forgotten === undefined) return;
  out.writeDoubleBE(forgotten.atMs, at + FORGOTTEN_AT);
  out.writeDoubleBE(forgotten.untilMs, at + UNTIL_AT);
}

export function readPerson(records: Buffer, at: number): Person {
  const hasReference = isSomewhereSet(records, at + REFERENCE_AT, at + FORGOTTEN_AT);
  const atMs = records.readDoubleBE(at + FORGOTTEN_AT);
  return {
    index: records.subarray(at, at + PERSON.keyBytes),
    ...(hasReference ? { reference: records.subarray(at + REFERENCE_AT, at + FORGOTTEN_AT) } : {}),
    ...(atMs === 0 ? {} : { forgotten: { atMs, untilMs: records.readDoubleBE(at + UNTIL_AT) } }),
  };
}

/** Whether a record of a time is of a person who was forgotten later, by the person's record; a newer one is another person's. */
export function isForgottenAt(
  records: Buffer,
  at: number,
  { datedMs, nowMs }: { readonly datedMs: number; readonly nowMs: number },
): boolean {
  const atMs = records.readDoubleBE(at + FORGOTTEN_AT);
  return atMs !== 0 && nowMs < records.readDoubleBE(at + UNTIL_AT) && datedMs < atMs;
}

/** Copies the reference of a person's record; false, and nothing is copied, where it has none. */
export function copyReference(records: Buffer, at: number, out: Buffer, to: number): boolean {
  const [start, end] = [at + REFERENCE_AT, at + FORGOTTEN_AT];
  if (!isSomewhereSet(records, start, end)) return false;
  copyBytes({ bytes: records, start, end }, out, to);
  return true;
}

/** Somebody who gets a reference. */
interface Referred {
  readonly indexes: Buffer;
  readonly indexAt: number;
  readonly reference: Buffer;
  /** Where their record begins among those that are there, whose tombstone stays; -1 where there is none. */
  readonly records: Buffer;
  readonly known: number;
}

/** Writes over zeros the record of somebody who gets a reference. */
export function personRecordIn(out: Buffer, at: number, person: Referred): void {
  const { indexes, indexAt, reference, records, known } = person;
  copyBytes({ bytes: indexes, start: indexAt, end: indexAt + PERSON.keyBytes }, out, at);
  copyBytes({ bytes: reference, start: 0, end: REFERENCE_BYTES }, out, at + REFERENCE_AT);
  if (known < 0) return;
  const [start, end] = [known + FORGOTTEN_AT, known + PERSON.widthBytes];
  copyBytes({ bytes: records, start, end }, out, at + FORGOTTEN_AT);
}

function isSomewhereSet(bytes: Buffer, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (bytes[at] !== 0) return true;
  return false;
}

/** Everybody in a shard's records. */
export function* everyPerson(records: Buffer): Generator<Person> {
  for (let at = 0; at < records.length; at += PERSON.widthBytes) yield readPerson(records, at);
}
