import protobuf from 'protobufjs';
import protojson from 'protobufjs/ext/protojson.js';
import { messagesIn, protobufPackage } from './protobuf-root.ts';
import { type ReadBySchema, type SchemaReader, UNDECODABLE } from './read-by-schema.ts';
import type { RegisteredSchema } from './registry.ts';
import { unusable } from './schema-error.ts';

/** That the payload names a message that its schema has not. */
const OTHER_MESSAGE: ReadBySchema = { kind: 'invalid', reasons: ['SCHEMA_MESSAGE'] };

/**
 * Reads Protobuf, and gives it as Protobuf's own JSON mapping says, with fields that have no presence as they are by default:
 * 0 was meant where 0 is not sent.
 */
export function protobufReader(schema: RegisteredSchema): SchemaReader {
  const messages = messagesIn(protobufPackage(schema));
  if (messages.length === 0) throw unusable(schema, 'it has no message');
  return {
    read(body, { isFramed }) {
      try {
        const framed = isFramed ? readIndexes(body) : { indexes: [0], at: 0 };
        const type = typeAt(messages, framed.indexes);
        if (type === undefined) return OTHER_MESSAGE;
        const json: unknown = protojson.toJson(type, type.decode(body.subarray(framed.at)));
        fillDefaults(type, json);
        return { kind: 'valid', json: JSON.stringify(json) };
      } catch {
        return UNDECODABLE;
      }
    },
  };
}

/** `[1, 0]`: the first message within the second. */
function typeAt(messages: readonly protobuf.Type[], indexes: readonly number[]): protobuf.Type | undefined {
  const [first = -1, ...rest] = indexes;
  const type = messages[first];
  return type === undefined || rest.length === 0 ? type : typeAt(messagesIn(type), rest);
}

/** Confluent's framing: how many indexes there are, and each, as zigzag varints; a single 0 stands for the first message. */
function readIndexes(body: Uint8Array): { readonly indexes: readonly number[]; readonly at: number } {
  const reader = protobuf.Reader.create(body);
  const count = reader.sint32();
  if (count < 0 || count > 100) throw new RangeError('that many indexes name no message');
  const indexes = count === 0 ? [0] : Array.from({ length: count }, () => reader.sint32());
  return { indexes, at: reader.pos };
}

/** Adds what the JSON mapping leaves out: fields without presence that have their default. */
function fillDefaults(type: protobuf.Type, json: unknown): void {
  // Those of Protobuf itself are no objects of their fields.
  if (typeof json !== 'object' || json === null || type.fullName.startsWith('.google.protobuf.')) return;
  const members = json as Record<string, unknown>;
  for (const field of type.fieldsArray) {
    const { jsonName, resolvedType, repeated, map } = field;
    const isMessage = resolvedType instanceof protobuf.Type;
    if (isMessage) for (const one of within(field, members[jsonName])) fillDefaults(resolvedType, one);
    const hasPresence = Boolean(field.hasPresence) || (isMessage && !repeated && !map);
    if (!hasPresence && !Object.hasOwn(members, jsonName)) members[jsonName] = defaultOf(field);
  }
}

/** What is within a field's value: itself, the items of a list, or the values of a map. */
function within({ repeated, map }: protobuf.Field, value: unknown): readonly unknown[] {
  if (value === undefined) return [];
  return (repeated || map) && typeof value === 'object' && value !== null ? Object.values(value) : [value];
}

function defaultOf({ type, repeated, map, resolvedType }: protobuf.Field): unknown {
  if (map) return {};
  if (repeated) return [];
  if (resolvedType instanceof protobuf.Enum) return resolvedType.valuesById[0];
  if (type === 'string' || type === 'bytes') return '';
  if (type === 'bool') return false;
  return type.includes('64') ? '0' : 0;
}
