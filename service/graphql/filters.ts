import {
  GraphQLBoolean,
  GraphQLEnumType,
  GraphQLInputObjectType,
  type GraphQLInputType,
  GraphQLInt,
  GraphQLList,
  GraphQLNonNull,
  type GraphQLScalarType,
  GraphQLString,
} from 'graphql';
import { z } from 'zod';
import { ConfigError } from '../../etl/errors.ts';
import { type AsOf, parseAsOf } from '../../etl/query/as-of.ts';
import type { ColumnFilter } from '../../etl/query/table-page-filter.ts';
import type { PageOrder } from '../../etl/query/table-page-order.ts';
import { FILTER_OPS, type FilterOp, opsOf, valueKind } from '../../etl/query/table-page-type.ts';
import { scalarOf } from './column-type.ts';
import { BigInteger, DateTime } from './scalars.ts';
import type { ShownColumn } from './shown-table.ts';

const filters = new Map<string, GraphQLInputObjectType>();

/** The conditions on a column; if its values are hidden, only whether there is one. */
function filterOf({ type, isHidden }: ShownColumn): GraphQLInputObjectType {
  const scalar = scalarOf(type);
  const ops: readonly FilterOp[] = isHidden ? ['isNull'] : opsOf(valueKind(type));
  const name = ops.length === 1 ? 'AnyFilter' : `${scalar.name}Filter`;
  const made = filters.get(name) ?? newFilter(name, scalar, ops);
  filters.set(name, made);
  return made;
}

function newFilter(
  name: string,
  scalar: GraphQLScalarType,
  ops: readonly FilterOp[],
): GraphQLInputObjectType {
  const typeOf = (op: FilterOp): GraphQLInputType => {
    if (op === 'isNull') return GraphQLBoolean;
    return op === 'in' ? new GraphQLList(new GraphQLNonNull(scalar)) : scalar;
  };
  return new GraphQLInputObjectType({
    name,
    description: 'All that is said is met.',
    fields: Object.fromEntries(ops.map((op) => [op, { type: typeOf(op), description: MEANINGS[op] }])),
  });
}

const MEANINGS: Readonly<Record<FilterOp, string>> = {
  eq: 'is this value',
  in: 'is one of these',
  lt: 'is less',
  lte: 'is this or less',
  gt: 'is greater',
  gte: 'is this or greater',
  isNull: 'has no value, or has one',
  contains: 'has this text in it, letter by letter',
  startsWith: 'begins with this text',
};

/** The conditions on a table's rows. */
export function whereType(name: string, columns: readonly ShownColumn[]): GraphQLInputObjectType {
  return new GraphQLInputObjectType({
    name: `${name}_Filter`,
    description: 'Rows that meet every condition.',
    fields: Object.fromEntries(
      columns.map((column) => [column.field, { type: filterOf(column), description: column.description }]),
    ),
  });
}

const Direction = new GraphQLEnumType({
  name: 'Direction',
  values: { ASC: { value: 'asc' }, DESC: { value: 'desc' } },
});

/** A column to order a table's rows by; undefined where no column can. */
export function orderType(name: string, columns: readonly ShownColumn[]): GraphQLInputObjectType | undefined {
  const ordered = columns.filter(({ type, isHidden }) => !isHidden && valueKind(type).kind !== 'other');
  if (ordered.length === 0) return undefined;
  const values = ordered.map(({ field, name: value, description }) => [field, { value, description }]);
  const column = new GraphQLEnumType({ name: `${name}_Column`, values: Object.fromEntries(values) });
  return new GraphQLInputObjectType({
    name: `${name}_Order`,
    description: 'Rows without a value in the column come last.',
    fields: {
      column: { type: new GraphQLNonNull(column) },
      direction: { type: new GraphQLNonNull(Direction), defaultValue: 'asc' },
    },
  });
}

/** A moment of which a table's state is asked for. */
export const AsOfInput = new GraphQLInputObjectType({
  name: 'AsOf',
  description: 'The state of a moment: one of both.',
  isOneOf: true,
  fields: {
    snapshot: { type: BigInteger, description: 'the id of a snapshot' },
    time: { type: DateTime, description: 'what was current then' },
  },
});

/** How many columns rows can be ordered by. */
const MOST_ORDERS = 8;

/** What a table's field is asked with, as GraphQL checked it. */
const TableArgs = z.object({
  first: z.number().int().nullish(),
  after: z.string().nullish(),
  where: z.record(z.string(), z.record(z.string(), z.unknown()).nullable()).nullish(),
  orderBy: z.array(z.object({ column: z.string(), direction: z.enum(['asc', 'desc']) })).nullish(),
  asOf: z.object({ snapshot: z.string().optional(), time: z.string().optional() }).nullish(),
});

/** Rows of one page at most, and where nothing is said. */
export const MOST_ROWS = 1000;
export const PAGE_ROWS = 50;

/** What is asked of a table. */
export interface AskedRows {
  readonly limit: number;
  readonly cursor: string | undefined;
  readonly filters: readonly ColumnFilter[];
  readonly order: readonly PageOrder[];
  readonly asOf: AsOf;
}

/** A field's arguments as a page is asked for. Throws ConfigError `REQUEST` where there are too many of something. */
export function askedRows(args: unknown, columns: readonly ShownColumn[]): AskedRows {
  const { first, after, where, orderBy, asOf } = TableArgs.parse(args);
  const limit = first ?? PAGE_ROWS;
  if (limit < 1 || limit > MOST_ROWS)
    throw new ConfigError('REQUEST', `first: ${limit} is no size of a page: ask for 1 to ${MOST_ROWS} rows.`);
  const order = orderBy ?? [];
  if (order.length > MOST_ORDERS)
    throw new ConfigError('REQUEST', `orderBy names ${order.length} columns: name ${MOST_ORDERS} at most.`);
  const when = asOf?.snapshot ?? asOf?.time;
  return {
    limit,
    cursor: after ?? undefined,
    filters: columns.flatMap((column) => filtersOf(column, where?.[column.field] ?? {})),
    order,
    asOf: when === undefined ? { kind: 'now' } : parseAsOf(when),
  };
}

function filtersOf({ name }: ShownColumn, given: Readonly<Record<string, unknown>>): ColumnFilter[] {
  return FILTER_OPS.flatMap((op) => {
    const value = given[op];
    if (value === undefined || value === null) return [];
    const values = Array.isArray(value) ? value.map(String) : [String(value)];
    return [{ column: name, op, values }];
  });
}

/** A page's arguments in GraphQL. */
export function tableArgs(name: string, columns: readonly ShownColumn[]) {
  const order = orderType(name, columns);
  return {
    first: {
      type: GraphQLInt,
      defaultValue: PAGE_ROWS,
      description: `rows of the page, ${MOST_ROWS} at most`,
    },
    after: {
      type: GraphQLString,
      description: 'a cursor of a page before: the rows behind it, of the same state',
    },
    where: { type: whereType(name, columns) },
    ...(order === undefined ? {} : { orderBy: { type: new GraphQLList(new GraphQLNonNull(order)) } }),
  };
}
