import avro from 'avsc';
import { avroNode } from './avro-json.ts';
import { avroText } from './avro-text.ts';
import { type SchemaReader, UNDECODABLE } from './read-by-schema.ts';
import type { RegisteredSchema } from './registry.ts';
import { unusable } from './schema-error.ts';

/** 64-bit integers as bigints: doubles would round them. */
const LONG = avro.types.LongType.__with({
  fromBuffer: (buffer: Buffer) => buffer.readBigInt64LE(),
  toBuffer: (value: bigint) => {
    const buffer = Buffer.alloc(8);
    buffer.writeBigInt64LE(value);
    return buffer;
  },
  fromJSON: BigInt,
  toJSON: Number,
  isValid: (value: unknown) => typeof value === 'bigint',
  compare: (a: bigint, b: bigint) => (a === b ? 0 : a < b ? -1 : 1),
});

const isLong = (schema: unknown): boolean =>
  schema === 'long' || (schema as { readonly type?: unknown } | null)?.type === 'long';

/** Reads Avro's binary form as its writer's schema says. */
export function avroReader(schema: RegisteredSchema): SchemaReader {
  const { type, node } = compiled(schema);
  return {
    read(body) {
      try {
        return { kind: 'valid', json: avroText(node, type.fromBuffer(Buffer.from(body))) };
      } catch {
        return UNDECODABLE;
      }
    },
  };
}

function compiled(schema: RegisteredSchema) {
  try {
    const json: unknown = JSON.parse(schema.text);
    const typeHook = (one: unknown) => (isLong(one) ? LONG : undefined);
    const type = avro.Type.forSchema(json as avro.Schema, { wrapUnions: true, typeHook } as never);
    return { type, node: avroNode(json) };
  } catch (error) {
    throw unusable(schema, error);
  }
}
