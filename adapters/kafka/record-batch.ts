import { crc32c } from '@platformatic/kafka';
import { DataError } from '../../etl/errors.ts';
import type { Header } from '../../stream/event.ts';
import { decompress } from './decompress.ts';

/** One record as it lies in a batch. */
export interface StoredRecord {
  readonly offset: number;
  readonly timestampMs: number;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: readonly Header[];
}

/** The head of a record batch (magic 2); its records are read by `recordsOf`. */
export interface RecordBatch {
  readonly baseOffset: number;
  /** Offset behind its last one, those that compaction took included. */
  readonly endOffset: number;
  readonly producerId: bigint;
  readonly isTransactional: boolean;
  readonly isControl: boolean;
  /** Bits of its attributes that name the compression. */
  readonly compression: number;
  readonly firstTimestampMs: number;
  readonly maxTimestampMs: number;
  /** Whether the broker set the times, so that all records have the batch's. */
  readonly isLogAppendTime: boolean;
  readonly recordCount: number;
  /** The records' bytes, compressed as they came. */
  readonly body: Buffer;
}

const HEAD_BYTES = 61;
/** From here on the checksum counts. */
const ATTRIBUTES_AT = 21;

/**
 * The batches that some bytes of a partition hold (Kafka's record batches, magic 2). A batch that is cut off at the end
 * is left out: the broker sends it again. Throws DataError where a checksum is wrong or the format is older.
 */
export function readBatches(bytes: Buffer): RecordBatch[] {
  const batches: RecordBatch[] = [];
  let at = 0;
  while (at + HEAD_BYTES <= bytes.length) {
    const end = at + 12 + bytes.readInt32BE(at + 8);
    if (end > bytes.length) break;
    batches.push(readBatch(bytes.subarray(at, end)));
    at = end;
  }
  return batches;
}

function readBatch(bytes: Buffer): RecordBatch {
  const baseOffset = Number(bytes.readBigInt64BE(0));
  const magic = bytes.readInt8(16);
  if (magic !== 2)
    throw new DataError(
      'KAFKA_FORMAT',
      `Offset ${baseOffset} is in a record batch of format ${magic}, not 2.`,
    );
  if (crc32c(bytes.subarray(ATTRIBUTES_AT)) !== bytes.readUInt32BE(17))
    throw new DataError(
      'KAFKA_CHECKSUM',
      `The record batch at offset ${baseOffset} is damaged: its checksum is wrong.`,
    );
  const attributes = bytes.readInt16BE(ATTRIBUTES_AT);
  return {
    baseOffset,
    endOffset: baseOffset + bytes.readInt32BE(23) + 1,
    producerId: bytes.readBigInt64BE(43),
    isTransactional: (attributes & 0x10) !== 0,
    isControl: (attributes & 0x20) !== 0,
    compression: attributes & 7,
    isLogAppendTime: (attributes & 8) !== 0,
    firstTimestampMs: Number(bytes.readBigInt64BE(27)),
    maxTimestampMs: Number(bytes.readBigInt64BE(35)),
    recordCount: bytes.readInt32BE(57),
    body: bytes.subarray(HEAD_BYTES),
  };
}

/** The records of a batch, in order. Throws DataError where they would unpack to more than `maxBytes`, or don't fit their lengths. */
export function recordsOf(batch: RecordBatch, maxBytes: number): StoredRecord[] {
  const cursor = new Cursor(decompress(batch.body, { compression: batch.compression, maxBytes }));
  const records: StoredRecord[] = [];
  for (let index = 0; index < batch.recordCount; index++) records.push(readRecord(cursor, batch));
  return records;
}

/** Whether a control batch ends a transaction by aborting it. */
export const isAbort = (batch: RecordBatch): boolean => {
  const [marker] = batch.isControl ? recordsOf(batch, 1 << 16) : [];
  const key = marker?.key;
  return key != null && key.length >= 4 && Buffer.from(key).readInt16BE(2) === 0;
};

function readRecord(cursor: Cursor, batch: RecordBatch): StoredRecord {
  const length = cursor.varint();
  const end = cursor.at + length;
  cursor.skip(1);
  const timestampDelta = cursor.varlong();
  const offset = batch.baseOffset + cursor.varint();
  const key = cursor.bytes();
  const value = cursor.bytes();
  const count = cursor.varint();
  const headers: Header[] = [];
  for (let index = 0; index < count; index++)
    headers.push({ name: Buffer.from(cursor.bytes() ?? []).toString('utf8'), value: cursor.bytes() });
  if (cursor.at !== end)
    throw new DataError('KAFKA_FORMAT', `The record at offset ${offset} doesn't have the length it says.`);
  const timestampMs = batch.isLogAppendTime ? batch.maxTimestampMs : batch.firstTimestampMs + timestampDelta;
  return { offset, timestampMs, key, value, headers };
}

/** Reads Kafka's variable-length integers and the bytes they measure. */
class Cursor {
  readonly #bytes: Buffer;
  at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  skip(count: number): void {
    this.at += count;
  }

  /** A zigzag integer of up to 64 bits, exact below 2^53. */
  varlong(): number {
    let value = 0;
    let scale = 1;
    for (;;) {
      const byte = this.#bytes[this.at++];
      if (byte === undefined)
        throw new DataError('KAFKA_FORMAT', 'A record batch ends in the middle of a number.');
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) break;
      scale *= 128;
    }
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  varint(): number {
    return this.varlong();
  }

  /** Bytes behind their length; null where that is -1. */
  bytes(): Uint8Array | null {
    const length = this.varint();
    if (length < 0) return null;
    if (this.at + length > this.#bytes.length)
      throw new DataError('KAFKA_FORMAT', 'A record batch ends in the middle of a record.');
    const value = this.#bytes.subarray(this.at, this.at + length);
    this.at += length;
    return value;
  }
}
