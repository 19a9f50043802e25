import { Buffer } from 'node:buffer';
import { createHmac, randomFillSync } from 'node:crypto';
import { copyBytes } from '../../../etl/privacy/cells/copy-bytes.ts';
import { REFERENCE_BYTES, shardOfByte } from './people.ts';
import { findRecord, type RecordShape } from './records.ts';

/** A subject's key for a data group: reference (16), the group's number (2), key (32). */
export const SUBJECT_KEY: RecordShape = { widthBytes: 50, keyBytes: 18 };

/** What a key's record begins with. */
export function subjectKeyName(reference: Uint8Array, group: number): Buffer {
  const name = Buffer.alloc(SUBJECT_KEY.keyBytes);
  writeName(name, 0, reference, group);
  return name;
}

/** Where the record of a key begins; -1 where there is none. */
export function findSubjectKey(records: Buffer, reference: Uint8Array, group: number): number {
  writeName(SOUGHT, 0, reference, group);
  return findRecord(records, SUBJECT_KEY, SOUGHT);
}

const SOUGHT = Buffer.alloc(SUBJECT_KEY.keyBytes);

/** New random keys, for as many as there is room. */
export class NewSubjectKeys {
  readonly #records: Buffer;
  #length = 0;

  constructor(room: number) {
    this.#records = randomFillSync(Buffer.allocUnsafeSlow(room * SUBJECT_KEY.widthBytes));
  }

  /** The key that is made. */
  add(reference: Uint8Array, group: number): Uint8Array {
    const at = this.#length;
    writeName(this.#records, at, reference, group);
    this.#length += SUBJECT_KEY.widthBytes;
    return subjectKeyAt(this.#records, at);
  }

  /** Their records, in the order in which they were made. */
  records(): Buffer {
    return this.#records.subarray(0, this.#length);
  }
}

function writeName(out: Buffer, at: number, reference: Uint8Array, group: number): void {
  copyBytes({ bytes: reference, start: 0, end: REFERENCE_BYTES }, out, at);
  out.writeUInt16BE(group, at + REFERENCE_BYTES);
}

/** The key in a record, as a copy: so short a one lies among the objects of JavaScript, and is made soonest. */
export function subjectKeyAt(records: Buffer, at: number): Uint8Array {
  const key = new Uint8Array(SUBJECT_KEY.widthBytes - SUBJECT_KEY.keyBytes);
  copyBytes({ bytes: records, start: at + SUBJECT_KEY.keyBytes, end: at + SUBJECT_KEY.widthBytes }, key, 0);
  return key;
}

/** Whose key a record holds. */
export const referenceIn = (record: Buffer): Buffer => record.subarray(0, REFERENCE_BYTES);

/** Stands before a reference of which the shard is asked. */
export const SHARD_LABEL = 'shard';

/** Which shard a reference's keys are in: told by the vault's secret alone, so that the log of erasures may say it. */
export const shardOf = (secret: Uint8Array, reference: Uint8Array): number =>
  shardOfByte(createHmac('sha256', secret).update(SHARD_LABEL).update(reference).digest()[0]);
