import protobuf from 'protobufjs';
import { messagesIn, protobufPackage } from '../registry/protobuf-root.ts';
import type { RegisteredSchema } from '../registry/registry.ts';
import type { Obstacles } from './obstacles.ts';

/** Types of one form on the wire, which each reads of the others (https://protobuf.dev/programming-guides/proto3/#updating). */
const FAMILIES = [
  ['int32', 'uint32', 'int64', 'uint64', 'bool', 'enum'],
  ['sint32', 'sint64'],
  ['string', 'bytes'],
  ['fixed32', 'sfixed32'],
  ['fixed64', 'sfixed64'],
];

/**
 * Whether a reader's messages read what a writer's were written as, by the rules of Protobuf for updating messages: fields are
 * their numbers, types change only within a form on the wire, and nothing moves in or out of a oneof that is there already.
 */
export function canReadProtobuf(reader: RegisteredSchema, writer: RegisteredSchema): Obstacles {
  const [read, written] = [typesByName(reader), typesByName(writer)];
  return [...written].flatMap(([name, type]) => {
    const own = read.get(name);
    return own === undefined ? [`${name} is read no more`] : messageObstacles(own, type);
  });
}

/** Every message of a schema, nested ones too, by its name within the package. */
const typesByName = (schema: RegisteredSchema): ReadonlyMap<string, protobuf.Type> =>
  new Map(typesWithin(protobufPackage(schema), ''));

function typesWithin(space: protobuf.NamespaceBase, prefix: string): [string, protobuf.Type][] {
  return messagesIn(space).flatMap((type): [string, protobuf.Type][] => [
    [`${prefix}${type.name}`, type],
    ...typesWithin(type, `${prefix}${type.name}.`),
  ]);
}

function messageObstacles(read: protobuf.Type, written: protobuf.Type): Obstacles {
  const at = (field: protobuf.Field): string => `${read.name}.${field.name} (${field.id})`;
  const [own, others] = [byNumber(read), byNumber(written)];
  const lacking = [...own.values()].filter(
    (field) => field.required && others.get(field.id)?.required !== true,
  );
  const changed = [...others.values()].flatMap((field) => {
    const now = own.get(field.id);
    return now === undefined
      ? goneObstacles(field, { read, at: at(field) })
      : fieldObstacles(now, field, at(field));
  });
  return [
    ...lacking.map((field) => `${at(field)} is required, and may be lacking`),
    ...changed,
    ...oneofObstacles(read, written),
  ];
}

const byNumber = (type: protobuf.Type): ReadonlyMap<number, protobuf.Field> =>
  new Map(type.fieldsArray.map((field) => [field.id, field]));

/** A member that a oneof has no more leaves it empty for the reader. */
const goneObstacles = (
  { partOf }: protobuf.Field,
  { read, at }: { readonly read: protobuf.Type; readonly at: string },
): Obstacles =>
  partOf !== null &&
  read.oneofsArray.some(({ name, isProto3Optional }) => name === partOf.name && !isProto3Optional)
    ? [`${at} is no member of its oneof any more`]
    : [];

/** Whether a field is one of several of which one is set; an optional field of proto3 is alone in its. */
const isInOneof = ({ partOf }: protobuf.Field): boolean =>
  partOf !== null && partOf !== undefined && !partOf.isProto3Optional;

function fieldObstacles(now: protobuf.Field, was: protobuf.Field, at: string): Obstacles {
  const [type, before] = [typeName(now), typeName(was)];
  const isRead =
    type === before || FAMILIES.some((family) => family.includes(type) && family.includes(before));
  if (!isRead) return [`${at} was ${before}, and is read as ${type}`];
  const isList = (field: protobuf.Field): boolean => field.repeated || field.map;
  // A list of texts or messages read as one gives its last; packed numbers can't be.
  const mayChange = ['string', 'bytes'].includes(type);
  return isList(now) === isList(was) || mayChange ? [] : [`${at} ${isList(was) ? 'was' : 'is'} a list`];
}

/** A field's type as it is compared: enums are numbers, messages their names. */
function typeName(field: protobuf.Field): string {
  if (field instanceof protobuf.MapField) return `map<${field.keyType}, ${field.type}>`;
  if (field.resolvedType instanceof protobuf.Enum) return 'enum';
  return field.resolvedType === null ? field.type : field.resolvedType.name;
}

/** Of fields that were set side by side, a oneof lets but one stay. */
function oneofObstacles(read: protobuf.Type, written: protobuf.Type): Obstacles {
  const others = byNumber(written);
  return read.oneofsArray
    .filter((oneof) => !oneof.isProto3Optional)
    .flatMap((oneof) => {
      const before = oneof.fieldsArray.flatMap(({ id }) => others.get(id) ?? []);
      const apart = before.filter((field) => !isInOneof(field));
      return before.length > 1 && apart.length > 0
        ? [
            `${read.name}.${oneof.name}: ${before.map(({ name }) => name).join(' and ')} could both be set before`,
          ]
        : [];
    });
}
