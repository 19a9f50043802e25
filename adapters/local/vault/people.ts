import { Buffer } from 'node:buffer';
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

const NO_REFERENCE = Buffer.alloc(REFERENCE_BYTES);

/** What a vault has of a subject: keys, by a reference; that it was forgotten; or both, where a new subject came under its id. */
export interface Person {
  readonly index: Uint8Array;
  readonly reference?: Buffer;
  readonly forgotten?: { readonly atMs: number; readonly untilMs: number };
}

export function personRecord({ index, reference, forgotten }: Person): Buffer {
  const record = Buffer.alloc(PERSON.widthBytes);
  record.set(index);
  if (reference !== undefined) record.set(reference, REFERENCE_AT);
  if (forgotten !== undefined) {
    record.writeDoubleBE(forgotten.atMs, FORGOTTEN_AT);
    record.writeDoubleBE(forgotten.untilMs, UNTIL_AT);
  }
  return record;
}

export function readPerson(records: Buffer, at: number): Person {
  const reference = records.subarray(at + REFERENCE_AT, at + FORGOTTEN_AT);
  const atMs = records.readDoubleBE(at + FORGOTTEN_AT);
  return {
    index: records.subarray(at, at + PERSON.keyBytes),
    ...(reference.equals(NO_REFERENCE) ? {} : { reference }),
    ...(atMs === 0 ? {} : { forgotten: { atMs, untilMs: records.readDoubleBE(at + UNTIL_AT) } }),
  };
}

/** Everybody in a shard's records. */
export function* everyPerson(records: Buffer): Generator<Person> {
  for (let at = 0; at < records.length; at += PERSON.widthBytes) yield readPerson(records, at);
}
