import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import avro from 'avsc';

/** A record schema as it goes into the file's header, `field-id` attributes included. */
export interface AvroRecordSchema {
  readonly type: 'record';
  readonly name: string;
  readonly fields: readonly AvroField[];
}

/** A field of an Avro record; Iceberg finds it by its id. */
export interface AvroField {
  readonly name: string;
  readonly type: AvroType;
  readonly 'field-id': number;
  readonly default?: null;
}

type AvroType =
  | 'null'
  | 'boolean'
  | 'int'
  | 'long'
  | 'bytes'
  | 'string'
  | AvroRecordSchema
  | AvroArray
  | readonly AvroType[];

interface AvroArray {
  readonly type: 'array';
  readonly items: AvroType;
  readonly 'element-id'?: number;
  readonly logicalType?: 'map';
}

/** Shorthand for a field that always has a value. */
export function required(name: string, type: AvroType, id: number): AvroField {
  return { name, type, 'field-id': id };
}

/** Shorthand for a field that may be null. */
export function optional(name: string, type: AvroType, id: number): AvroField {
  return { name, type: ['null', type], default: null, 'field-id': id };
}

/** What one Avro container file holds. */
export interface AvroContent {
  readonly schema: AvroRecordSchema;
  readonly records: readonly object[];
  /** Text that goes into the header. */
  readonly metadata: Readonly<Record<string, string>>;
  /** The same seed and content give the same bytes. */
  readonly seed: string;
}

/** An Avro object container file, deflated. */
export async function encodeAvro({ schema, records, metadata, seed }: AvroContent): Promise<Uint8Array> {
  const options = {
    codec: 'deflate',
    writeHeader: 'always' as const,
    syncMarker: createHash('sha256').update(seed).digest().subarray(0, 16),
    metadata: Object.fromEntries(Object.entries(metadata).map(([key, text]) => [key, Buffer.from(text)])),
  };
  // avsc's types don't know Iceberg's attributes; at run time it keeps the schema as it is given.
  const encoder = new avro.streams.BlockEncoder(schema as unknown as avro.Schema, options);
  const chunks: Buffer[] = [];
  await pipeline(Readable.from(records), encoder, async (source: AsyncIterable<Buffer>) => {
    for await (const chunk of source) chunks.push(chunk);
  });
  return Buffer.concat(chunks);
}

/** Every record of an Avro object container file, read with the schema in its header. */
export async function decodeAvro(body: Uint8Array): Promise<unknown[]> {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const records: unknown[] = [];
  const source = Readable.from([bytes], { objectMode: false });
  const decoder = new avro.streams.BlockDecoder({ parseHook: readerOf });
  await pipeline(source, decoder, async (decoded: AsyncIterable<unknown>) => {
    for await (const record of decoded) records.push(record);
  });
  return records;
}

/** Readers by schema: making one compiles code, and all manifests of a table have few schemas among them. */
const readers = new Map<string, avro.Type>();

function readerOf(schema: avro.Schema): avro.Type {
  const text = JSON.stringify(schema);
  const reader = readers.get(text) ?? avro.Type.forSchema(schema);
  readers.set(text, reader);
  return reader;
}
