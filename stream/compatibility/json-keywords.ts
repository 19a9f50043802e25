import { canonicalJson } from '../../etl/contract/digest.ts';
import { type JsonSchema, valuesOf } from './json-node.ts';
import type { Obstacles } from './obstacles.ts';

type Keywords = Readonly<Record<string, unknown>>;

/** Two schemas of one place. */
export interface Compared {
  readonly reader: Keywords;
  readonly writer: Keywords;
  /** Where, in words. */
  readonly at: string;
}

/** Compares what two schemas say of something within. */
export type Within = (name: string, inner: readonly [JsonSchema, JsonSchema]) => Obstacles;

const number = (value: unknown): number | undefined => (typeof value === 'number' ? value : undefined);

/** Limits of numbers, and what they must be multiples of. */
export function numberObstacles({ reader, writer, at }: Compared): Obstacles {
  const [step, written] = [number(reader.multipleOf), number(writer.multipleOf)];
  const isStep =
    step === undefined ||
    (written !== undefined && Number.isInteger(step) && Number.isInteger(written) && written % step === 0) ||
    step === written ||
    (step === 1 && writer.type === 'integer');
  return [
    ...(isAbove(reader, writer) ? [] : [`${at} may be less than is read`]),
    ...(isBelow(reader, writer) ? [] : [`${at} may be more than is read`]),
    ...(isStep ? [] : [`${at} may be other multiples than are read`]),
  ];
}

function isAbove(reader: Keywords, writer: Keywords): boolean {
  const [low, open] = [number(writer.minimum), number(writer.exclusiveMinimum)];
  const [least, above] = [number(reader.minimum), number(reader.exclusiveMinimum)];
  const isLeast =
    least === undefined || (low !== undefined && low >= least) || (open !== undefined && open >= least);
  return (
    isLeast &&
    (above === undefined || (low !== undefined && low > above) || (open !== undefined && open >= above))
  );
}

function isBelow(reader: Keywords, writer: Keywords): boolean {
  const [high, open] = [number(writer.maximum), number(writer.exclusiveMaximum)];
  const [most, below] = [number(reader.maximum), number(reader.exclusiveMaximum)];
  const isMost =
    most === undefined || (high !== undefined && high <= most) || (open !== undefined && open <= most);
  return (
    isMost &&
    (below === undefined || (high !== undefined && high < below) || (open !== undefined && open <= below))
  );
}

/** Whether a lower and an upper limit of the reader's are met by the writer's. */
function limits(
  { reader, writer, at }: Compared,
  [low, high]: readonly [string, string],
  what: string,
): Obstacles {
  const [least, most] = [number(reader[low]) ?? 0, number(reader[high])];
  const [fewest, greatest] = [number(writer[low]) ?? 0, number(writer[high])];
  return [
    ...(fewest >= least ? [] : [`${at} may have fewer ${what} than are read`]),
    ...(most === undefined || (greatest !== undefined && greatest <= most)
      ? []
      : [`${at} may have more ${what} than are read`]),
  ];
}

/** Lengths, patterns and formats of texts. */
export function textObstacles(compared: Compared): Obstacles {
  const { reader, writer, at } = compared;
  const differing = ['pattern', 'format', 'contentEncoding', 'contentMediaType'].filter(
    (name) => reader[name] !== undefined && reader[name] !== writer[name],
  );
  return [
    ...limits(compared, ['minLength', 'maxLength'], 'characters'),
    ...differing.map((name) => `${at} has another ${name}`),
  ];
}

const TUPLE = ['items', 'prefixItems', 'additionalItems'];

/** Items of lists and how many there are. */
export function arrayObstacles(compared: Compared, within: Within): Obstacles {
  const { reader, writer, at } = compared;
  const [read, written] = [reader.items, writer.items];
  const isTuple = [reader, writer].some(
    ({ items, prefixItems }) => Array.isArray(items) || prefixItems !== undefined,
  );
  const items = isTuple
    ? TUPLE.some((name) => canonicalJson(reader[name] ?? null) !== canonicalJson(writer[name] ?? null))
      ? [`${at}: its items are others, and are compared by their words alone`]
      : refObstacles(compared, TUPLE)
    : within('/*', [schemaOr(read, true), schemaOr(written, true)]);
  return [
    ...limits(compared, ['minItems', 'maxItems'], 'items'),
    ...(reader.uniqueItems === true && writer.uniqueItems !== true ? [`${at} may have an item twice`] : []),
    ...items,
  ];
}

/** Members of objects: which must be there, and what they may be. */
export function objectObstacles(compared: Compared, within: Within): Obstacles {
  const { reader, writer, at } = compared;
  const written = new Set(Array.isArray(writer.required) ? writer.required : []);
  const missing = (Array.isArray(reader.required) ? reader.required : []).filter(
    (name) => !written.has(name),
  );
  const patterns = sameOrObstacles(compared, ['patternProperties']);
  const hasPatterns = reader.patternProperties !== undefined || writer.patternProperties !== undefined;
  const names = new Set([...Object.keys(membersOf(reader)), ...Object.keys(membersOf(writer))]);
  const rest = (schema: Keywords): JsonSchema => schemaOr(schema.additionalProperties, true);
  const of = (schema: Keywords, name: string, otherwise: JsonSchema): JsonSchema => {
    const members = membersOf(schema);
    return Object.hasOwn(members, name) ? schemaOr(members[name], true) : otherwise;
  };
  // What a writer doesn't name may be whatever a pattern lets it be.
  const unnamed = hasPatterns ? true : rest(writer);
  return [
    ...missing.map((name) => `${at} may lack ${String(name)}`),
    ...limits(compared, ['minProperties', 'maxProperties'], 'members'),
    ...patterns,
    ...[...names].flatMap((name) =>
      within(`/${name}`, [of(reader, name, rest(reader)), of(writer, name, unnamed)]),
    ),
    ...within('/*', [rest(reader), rest(writer)]),
  ];
}

const membersOf = ({ properties }: Keywords): Keywords =>
  typeof properties === 'object' && properties !== null ? (properties as Keywords) : {};

const schemaOr = (value: unknown, otherwise: JsonSchema): JsonSchema =>
  typeof value === 'boolean' || (typeof value === 'object' && value !== null && !Array.isArray(value))
    ? (value as JsonSchema)
    : otherwise;

/** Keywords that are compared above. */
const COMPARED = new Set(
  (
    'type enum const multipleOf minimum maximum exclusiveMinimum exclusiveMaximum minLength maxLength pattern format ' +
    'contentEncoding contentMediaType items prefixItems additionalItems minItems maxItems uniqueItems ' +
    'properties patternProperties additionalProperties required minProperties maxProperties anyOf oneOf allOf'
  ).split(' '),
);

/** Keywords whose meaning hangs on others beside them. */
const UNDECIDED = new Set(
  'contains minContains maxContains unevaluatedProperties unevaluatedItems $dynamicRef $recursiveRef'.split(
    ' ',
  ),
);

/** Listed values, and every keyword that is compared by its words alone. */
export function otherObstacles(compared: Compared, annotations: ReadonlySet<string>): Obstacles {
  const { reader, writer, at } = compared;
  const [read, written] = [valuesOf(reader), valuesOf(writer)];
  const known = new Set(read?.map(canonicalJson));
  const isListed = read === undefined || written?.every((value) => known.has(canonicalJson(value))) === true;
  const others = Object.keys(reader).filter((name) => !COMPARED.has(name) && !annotations.has(name));
  const undecided = others.filter((name) => UNDECIDED.has(name));
  return [
    ...undecided.map((name) => `${at}: ${name} can't be compared`),
    ...(isListed ? [] : [`${at} may have values that are not among those read`]),
    ...sameOrObstacles(compared, others),
  ];
}

/** That keywords of the reader's must be the writer's, word by word. */
function sameOrObstacles({ reader, writer, at }: Compared, names: readonly string[]): Obstacles {
  const differing = names.filter(
    (name) =>
      reader[name] !== undefined && canonicalJson(reader[name]) !== canonicalJson(writer[name] ?? null),
  );
  return [
    ...differing.map((name) => `${at}: ${name} is another, and is compared by its words alone`),
    ...refObstacles({ reader, writer, at }, names),
  ];
}

/** The same words may mean something else where they lead to other places. */
function refObstacles({ reader, at }: Compared, names: readonly string[]): Obstacles {
  const leading = names.filter((name) =>
    /"\$(dynamic|recursive)?[rR]ef"/.test(canonicalJson(reader[name] ?? null)),
  );
  return leading.map((name) => `${at}: ${name} has a $ref, and can't be compared`);
}
