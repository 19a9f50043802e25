import { Buffer } from 'node:buffer';
import { createHmac } from 'node:crypto';
import { randomPiece } from '../../../etl/privacy/random.ts';
import { REFERENCE_BYTES, shardOfByte } from './people.ts';
import type { RecordShape } from './records.ts';

/** A subject's key for a data group: reference (16), the group's number (2), key (32). */
export const SUBJECT_KEY: RecordShape = { widthBytes: 50, keyBytes: 18 };

/** What a key's record begins with. */
export function subjectKeyName(reference: Uint8Array, group: number): Buffer {
  const name = Buffer.alloc(SUBJECT_KEY.keyBytes);
  name.set(reference);
  name.writeUInt16BE(group, REFERENCE_BYTES);
  return name;
}

/** A record with a new random key. */
export function newSubjectKey(reference: Uint8Array, group: number): Buffer {
  const record = Buffer.allocUnsafe(SUBJECT_KEY.widthBytes);
  record.set(reference);
  record.writeUInt16BE(group, REFERENCE_BYTES);
  record.set(randomPiece(32), SUBJECT_KEY.keyBytes);
  return record;
}

/** The key in a record, as a copy: Buffer's small ones share memory, and are made sooner. */
export const subjectKeyAt = (records: Buffer, at: number): Uint8Array =>
  Buffer.from(records.subarray(at + SUBJECT_KEY.keyBytes, at + SUBJECT_KEY.widthBytes));

/** Whose key a record holds. */
export const referenceIn = (record: Buffer): Buffer => record.subarray(0, REFERENCE_BYTES);

/** Stands before a reference of which the shard is asked. */
export const SHARD_LABEL = 'shard';

/** Which shard a reference's keys are in: told by the vault's secret alone, so that the log of erasures may say it. */
export const shardOf = (secret: Uint8Array, reference: Uint8Array): number =>
  shardOfByte(createHmac('sha256', secret).update(SHARD_LABEL).update(reference).digest()[0]);
