import { Buffer } from 'node:buffer';

/** A shard begins with the moment when it was written. */
const HEAD_BYTES = 8;

/** A shard's bytes as they are written at a moment. */
export function shardBytes(records: Buffer, now: Date): Buffer {
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeDoubleBE(now.getTime());
  return Buffer.concat([head, records]);
}

/** The records in a shard's bytes. */
export const recordsOf = (bytes: Buffer | undefined): Buffer =>
  bytes?.subarray(HEAD_BYTES) ?? Buffer.alloc(0);

/** When a shard was written, in milliseconds since 1970; 0 for one that never was. */
export const writtenMsOf = (bytes: Buffer | undefined): number => bytes?.readDoubleBE() ?? 0;
