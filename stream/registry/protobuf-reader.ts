import protobuf from 'protobufjs';
import protojson from 'protobufjs/ext/protojson.js';
import { messagesIn, protobufPackage } from './protobuf-root.ts';
import type { RegisteredSchema } from './registry.ts';
import { unusable } from './schema-error.ts';
import { type ReadBySchema, type SchemaReader, UNDECODABLE } from './schema-reader.ts';

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
        const message = type.decode(body.subarray(framed.at));
        fillDefaults(type, message as unknown as Fields);
        return { kind: 'valid', json: protojson.toJsonString(type, message) };
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

function fillDefaults(type: protobuf.Type, message: Fields): void {
  for (const field of type.fieldsArray) {
    const { name, resolvedType, repeated, map } = field;
    const value = message[name];
    const isMessage = resolvedType instanceof protobuf.Type;
    if (isMessage) for (const one of within(field, value)) fillDefaults(resolvedType, one);
    const hasPresence = Boolean(field.hasPresence) || (isMessage && !repeated && !map);
    // Decoded messages inherit what is set nowhere.
    if (!hasPresence && !Object.hasOwn(message, name)) message[name] = value;
  }
}

type Fields = Record<string, unknown>;

/** The messages in a field's value: itself, those of a list, or those of a map. */
function within({ repeated, map }: protobuf.Field, value: unknown): readonly Fields[] {
  if (value === null || typeof value !== 'object') return [];
  return (repeated || map ? Object.values(value) : [value]) as Fields[];
}
