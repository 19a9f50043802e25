import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLSchema,
  getNamedType,
  isObjectType,
  Kind,
  type SelectionSetNode,
  type ValueNode,
} from 'graphql';
import { ConfigError } from '../../etl/errors.ts';
import type { Cost, CostOf } from './costs.ts';

/** How much one request may ask. */
export const LIMITS = {
  /** Names, signs and values of its text. */
  tokens: 5000,
  /** Brackets within brackets. */
  nesting: 60,
  /** Fields, each as often as fragments repeat it: an introspection of everything has about 300. */
  fields: 1000,
  /** Fields within fields. */
  depth: 20,
  /** What answering takes, in values of rows; each field of the query itself counts 1,000. */
  cost: 100_000,
} as const;
const ROOT_COST = 1000;

/** Fields by which the schema is read: what they cost is bounded by their number. */
const INTROSPECTION: ReadonlySet<string> = new Set(['__schema', '__type']);

interface Size {
  readonly fields: number;
  readonly depth: number;
  readonly cost: number;
}
const NOTHING: Size = { fields: 0, depth: 0, cost: 0 };

/**
 * Throws ConfigError `TOO_COMPLEX` where a document exceeds what a request may ask. Runs before validation, which takes
 * long for malicious documents. Counts every operation, and aliases and fragments as often as they are answered.
 */
export function checkLimits(
  document: DocumentNode,
  schema: GraphQLSchema,
  variables: Readonly<Record<string, unknown>>,
): void {
  const walk = walker(document, variables);
  for (const one of document.definitions) {
    if (one.kind === Kind.OPERATION_DEFINITION)
      check(walk(one.selectionSet, schema.getRootType(one.operation) ?? undefined, true));
    // One that no operation uses is validated, too.
    else if (one.kind === Kind.FRAGMENT_DEFINITION) check(walk(one.selectionSet, undefined, false));
  }
}

function check(size: Size): void {
  for (const what of ['fields', 'depth', 'cost'] as const)
    if (size[what] > LIMITS[what]) throw tooComplex(what, size[what]);
}

/** That a request asks for more than one may. */
export function tooComplex(limit: keyof typeof LIMITS, found: number): ConfigError {
  return new ConfigError(
    'TOO_COMPLEX',
    `The request's ${limit} would be ${found} or more, and ${LIMITS[limit]} is the most: ask for fewer rows (first), fewer fields or aliases, or in several requests.`,
    { context: { limit, most: LIMITS[limit] } },
  );
}

type Walk = (set: SelectionSetNode | undefined, type: GraphQLNamedType | undefined, isRoot: boolean) => Size;

function walker(document: DocumentNode, variables: Readonly<Record<string, unknown>>): Walk {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const one of document.definitions)
    if (one.kind === Kind.FRAGMENT_DEFINITION) fragments.set(one.name.value, one);
  // A fragment costs the same wherever it is used, since its type is its own. Validation refuses recursive ones.
  const known = new Map<string, Size>();
  const ofFragment = (name: string, type: GraphQLNamedType | undefined, isRoot: boolean): Size => {
    const key = `${name} ${type?.name} ${isRoot}`;
    const size = known.get(key);
    if (size !== undefined) return size;
    known.set(key, NOTHING);
    const found = walk(fragments.get(name)?.selectionSet, type, isRoot);
    known.set(key, found);
    return found;
  };
  const walk: Walk = (set, type, isRoot) =>
    (set?.selections ?? []).reduce<Size>((sum, one) => {
      if (one.kind === Kind.FIELD) return added(sum, ofField(one, type, isRoot));
      if (one.kind === Kind.INLINE_FRAGMENT) return added(sum, walk(one.selectionSet, type, isRoot));
      return added(sum, ofFragment(one.name.value, type, isRoot));
    }, NOTHING);
  const ofField = (node: FieldNode, type: GraphQLNamedType | undefined, isRoot: boolean): Size => {
    const field = isObjectType(type) ? type.getFields()[node.name.value] : undefined;
    const below = walk(node.selectionSet, field === undefined ? undefined : getNamedType(field.type), false);
    const isIntrospection = INTROSPECTION.has(node.name.value);
    const { own, times } = costOf(node, field, variables);
    return {
      fields: below.fields + 1,
      depth: below.depth + 1,
      cost: (isRoot ? ROOT_COST : 0) + own + (isIntrospection ? 0 : times * below.cost),
    };
  };
  return walk;
}

function added(sum: Size, { fields, depth, cost }: Size): Size {
  return { fields: sum.fields + fields, depth: Math.max(sum.depth, depth), cost: sum.cost + cost };
}

function costOf(
  { arguments: given = [] }: FieldNode,
  field: GraphQLField<unknown, unknown> | undefined,
  variables: Readonly<Record<string, unknown>>,
): Cost {
  const cost = field?.extensions.cost as CostOf | undefined;
  if (cost === undefined) return { own: 1, times: 1 };
  const args = given.map(({ name, value }) => [name.value, plainValue(value, variables)]);
  return cost(Object.fromEntries(args));
}

/** A number, where that can be told; else what no number is. */
function plainValue(value: ValueNode, variables: Readonly<Record<string, unknown>>): unknown {
  if (value.kind === Kind.INT) return Number(value.value);
  return value.kind === Kind.VARIABLE ? (variables[value.name.value] ?? null) : null;
}
