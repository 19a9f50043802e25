import { inflateSync } from 'node:zlib';

/** How a payload names the schema that it was written by, and what follows. */
export type WirePayload =
  /** Confluent's: a zero byte and the schema's number. */
  | { readonly kind: 'confluent'; readonly schemaId: string; readonly body: Uint8Array }
  /** Glue's: the bytes 3 and 0 (or 5 where the rest is compressed) and the id of the schema version. */
  | { readonly kind: 'glue'; readonly schemaId: string; readonly body: Uint8Array }
  | { readonly kind: 'bare'; readonly body: Uint8Array }
  | { readonly kind: 'broken'; readonly why: 'SCHEMA_COMPRESSION' };

const CONFLUENT_HEADER = 5;
const GLUE_HEADER = 18;
const [GLUE_VERSION, GLUE_PLAIN, GLUE_ZLIB] = [3, 0, 5];

/** What a compressed payload may unpack to: more is no event but an attack. */
const MOST_UNPACKED = 32 * 1024 * 1024;

/**
 * Reads the header that serializers put before a payload: Confluent's
 * (https://docs.confluent.io/platform/current/schema-registry/fundamentals/serdes-develop/index.html#wire-format) or Glue's
 * (https://github.com/awslabs/aws-glue-schema-registry). JSON begins with neither.
 */
export function readWire(bytes: Uint8Array): WirePayload {
  if (bytes[0] === 0 && bytes.length >= CONFLUENT_HEADER) {
    const number = new DataView(bytes.buffer, bytes.byteOffset).getUint32(1);
    return { kind: 'confluent', schemaId: String(number), body: bytes.subarray(CONFLUENT_HEADER) };
  }
  const isGlue = bytes[0] === GLUE_VERSION && (bytes[1] === GLUE_PLAIN || bytes[1] === GLUE_ZLIB);
  if (!isGlue || bytes.length < GLUE_HEADER) return { kind: 'bare', body: bytes };
  const body = bytes.subarray(GLUE_HEADER);
  const unpacked = bytes[1] === GLUE_ZLIB ? unpack(body) : body;
  if (unpacked === undefined) return { kind: 'broken', why: 'SCHEMA_COMPRESSION' };
  return { kind: 'glue', schemaId: uuidOf(bytes.subarray(2, GLUE_HEADER)), body: unpacked };
}

function unpack(body: Uint8Array): Uint8Array | undefined {
  try {
    return inflateSync(body, { maxOutputLength: MOST_UNPACKED });
  } catch {
    return undefined;
  }
}

/** 16 bytes as a UUID, e.g. `b7b4a7f0-9c96-4e4a-a687-fb5de9ef0c63`. */
export function uuidOf(bytes: Uint8Array): string {
  const hex = Buffer.from(bytes).toString('hex');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
