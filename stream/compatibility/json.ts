import { canonicalJson } from '../../etl/contract/digest.ts';
import type { RegisteredSchema } from '../registry/registry.ts';
import { unusable } from '../registry/schema-error.ts';
import {
  arrayObstacles,
  numberObstacles,
  objectObstacles,
  otherObstacles,
  textObstacles,
} from './json-keywords.ts';
import { type JsonNode, type JsonSchema, typesOf } from './json-node.ts';
import type { Obstacles } from './obstacles.ts';

/**
 * Whether everything that is valid by the writer's JSON Schema is valid by the reader's. What can't be decided counts as an
 * obstacle: never is something called compatible that is not.
 */
export function canReadJson(reader: RegisteredSchema, writer: RegisteredSchema): Obstacles {
  const [read, written] = [parsed(reader), parsed(writer)];
  return obstacles({ schema: read, root: read }, { schema: written, root: written }, { at: '', seen: [] });
}

function parsed(schema: RegisteredSchema): JsonSchema {
  try {
    return JSON.parse(schema.text) as JsonSchema;
  } catch (error) {
    throw unusable(schema, error);
  }
}

/** Where two schemas are compared, and which pairs are under comparison: a schema may hold itself. */
interface Place {
  readonly at: string;
  readonly seen: readonly string[];
}

/** How deep schemas are compared. */
const DEEPEST = 60;

function obstacles(reader: JsonNode, writer: JsonNode, place: Place): Obstacles {
  const [read, written] = [resolved(reader), resolved(writer)];
  const here = place.at === '' ? 'it' : place.at;
  if (read === undefined || written === undefined) return [`${here}: a $ref leads out of the schema`];
  const pair = canonicalJson([read.schema, written.schema]);
  if (place.seen.includes(pair) || written.schema === false || read.schema === true) return [];
  if (isSame(read, written)) return [];
  if (place.seen.length === DEEPEST) return [`${here}: it is too deep to be compared`];
  if (read.schema === false) return [`${here} must no longer be there`];
  const inner = { at: place.at, seen: [...place.seen, pair] };
  return (
    writtenBranches(read, written, inner) ??
    readBranches(read, written, inner) ??
    keywordObstacles(read, asObject(written), inner)
  );
}

/** Whether both say the same in the same words, and name nothing else that may differ. */
const isSame = ({ schema: a }: JsonNode, { schema: b }: JsonNode): boolean => {
  const text = canonicalJson(a);
  return text === canonicalJson(b) && !text.includes('"$ref"');
};

/** A schema without its local $ref; undefined where that leads nowhere. */
function resolved(node: JsonNode): JsonNode | undefined {
  let { schema } = node;
  for (let hops = 0; typeof schema === 'object' && typeof schema.$ref === 'string'; hops++) {
    const { $ref: pointer, ...rest } = schema;
    if (!/^#(\/|$)/.test(pointer) || hops === DEEPEST || hasOtherBase(node.root)) return undefined;
    if (!isEmpty(rest)) return { ...node, schema: { allOf: [{ $ref: pointer }, rest] } };
    const target = pointedAt(node.root, pointer.slice(1));
    if (target === undefined) return undefined;
    schema = target;
  }
  return { ...node, schema };
}

/** Whether a schema within has an id of its own, which moves what references lead to. */
const hasOtherBase = (root: JsonSchema): boolean => {
  const { $id: _, ...rest } = typeof root === 'object' ? root : {};
  return canonicalJson(rest).includes('"$id"');
};

function pointedAt(root: JsonSchema, pointer: string): JsonSchema | undefined {
  let found: unknown = root;
  for (const step of pointer.split('/').slice(1)) {
    const name = decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~');
    if (found === null || typeof found !== 'object' || !Object.hasOwn(found, name)) return undefined;
    found = (found as Readonly<Record<string, unknown>>)[name];
  }
  return typeof found === 'object' || typeof found === 'boolean' ? (found as JsonSchema) : undefined;
}

const asObject = (node: JsonNode): JsonNode => (node.schema === true ? { ...node, schema: {} } : node);

/** What one may write by any of some schemas must be read whichever it is. */
function writtenBranches(reader: JsonNode, writer: JsonNode, place: Place): Obstacles | undefined {
  if (typeof writer.schema !== 'object') return undefined;
  const { anyOf, oneOf, allOf, ...rest } = writer.schema;
  const branches = anyOf ?? oneOf;
  if (Array.isArray(branches) && allOf === undefined) {
    return branches.flatMap((branch: JsonSchema) => {
      const alone = obstacles(reader, { ...writer, schema: branch }, place);
      // What stands beside the branches holds as well: either may be enough.
      return alone.length > 0 &&
        !isEmpty(rest) &&
        obstacles(reader, { ...writer, schema: rest }, place).length === 0
        ? []
        : alone;
    });
  }
  if (!Array.isArray(allOf)) return undefined;
  const parts: readonly JsonSchema[] = [...allOf, ...(isEmpty(rest) ? [] : [rest])];
  const merged = mergedParts(parts);
  if (merged !== undefined) return obstacles(reader, { ...writer, schema: merged }, place);
  const each = parts.map((part) => obstacles(reader, { ...writer, schema: part }, place));
  return each.find((found) => found.length === 0) ?? each[0] ?? [];
}

/** One schema that says what several say together, where no two of them say the same keyword. */
function mergedParts(parts: readonly JsonSchema[]): JsonSchema | undefined {
  const all: Record<string, unknown> = {};
  for (const part of parts) {
    if (typeof part !== 'object') return undefined;
    for (const [name, value] of Object.entries(part)) {
      if (Object.hasOwn(all, name) && canonicalJson(all[name]) !== canonicalJson(value)) return undefined;
      all[name] = value;
    }
  }
  return Object.keys(all).some((name) => ['$ref', 'properties', 'additionalProperties'].includes(name)) &&
    parts.length > 1
    ? undefined
    : all;
}

/** What is read by any of some schemas must be read by one of them whole. */
function readBranches(reader: JsonNode, writer: JsonNode, place: Place): Obstacles | undefined {
  if (typeof reader.schema !== 'object') return undefined;
  const { anyOf, oneOf, allOf, ...rest } = reader.schema;
  if (Array.isArray(allOf)) {
    const parts: readonly JsonSchema[] = [
      ...allOf,
      { ...rest, ...(anyOf === undefined ? {} : { anyOf }), ...(oneOf === undefined ? {} : { oneOf }) },
    ];
    return parts.flatMap((part) => obstacles({ ...reader, schema: part }, writer, place));
  }
  const branches = (anyOf ?? oneOf) as readonly JsonSchema[] | undefined;
  if (!Array.isArray(branches)) return undefined;
  const here = place.at === '' ? 'it' : place.at;
  if (oneOf !== undefined && !areApart(branches))
    return [`${here}: whether exactly one of its schemas (oneOf) is met can't be decided`];
  const isRead = branches.some(
    (branch) => obstacles({ ...reader, schema: branch }, writer, place).length === 0,
  );
  const beside = isEmpty(rest) ? [] : obstacles({ ...reader, schema: rest }, writer, place);
  return [...(isRead ? [] : [`${here} is none of what it may be any more`]), ...beside];
}

/** Whether no value is of two of the schemas, since each is of other types. */
function areApart(branches: readonly JsonSchema[]): boolean {
  const types = branches.map((branch) => (typeof branch === 'object' ? [...typesOf(branch)] : []));
  const flat = types.flat();
  const numbers = flat.filter((type) => type === 'integer' || type === 'number');
  return types.every((some) => some.length > 0) && new Set(flat).size === flat.length && numbers.length <= 1;
}

/** Keywords that say nothing of what is valid. */
const ANNOTATIONS = new Set(
  '$schema $id $anchor $comment $defs definitions title description default examples deprecated readOnly writeOnly'.split(
    ' ',
  ),
);

const isEmpty = (schema: Readonly<Record<string, unknown>>): boolean =>
  Object.keys(schema).every((name) => ANNOTATIONS.has(name));

function keywordObstacles(reader: JsonNode, writer: JsonNode, place: Place): Obstacles {
  if (typeof reader.schema !== 'object' || typeof writer.schema !== 'object') return [];
  const compared = { reader: reader.schema, writer: writer.schema, at: place.at === '' ? 'it' : place.at };
  const [read, written] = [typesOf(reader.schema), typesOf(writer.schema)];
  const isRead = (type: string): boolean => read.has(type) || (type === 'integer' && read.has('number'));
  const types = [...written].filter((type) => !isRead(type));
  if (types.length > 0) return [`${compared.at} may be ${types.join(' or ')}, which is not read`];
  const within = (name: string, inner: readonly [JsonSchema, JsonSchema]): Obstacles =>
    obstacles(
      { ...reader, schema: inner[0] },
      { ...writer, schema: inner[1] },
      { ...place, at: `${place.at}${name}` },
    );
  return [
    ...(written.has('number') || written.has('integer') ? numberObstacles(compared) : []),
    ...(written.has('string') ? textObstacles(compared) : []),
    ...(written.has('array') ? arrayObstacles(compared, within) : []),
    ...(written.has('object') ? objectObstacles(compared, within) : []),
    ...otherObstacles(compared, ANNOTATIONS),
  ];
}
