import { z } from 'zod';
import type { Engine } from '../engine/engine.ts';
import { parseSql } from '../engine/parse-sql.ts';
import { boundMonth } from './bound-month.ts';

/** Months since 1970-01 that are read of a table, both included; open where a bound is absent. */
export interface MonthsRead {
  readonly from?: number;
  readonly to?: number;
}

/** A table that a query reads, and the column whose month partitions it. */
export interface PartitionedTable {
  /** Without its schema. */
  readonly table: string;
  readonly column: string;
}

/**
 * The months of a table that can change a query's result: those that the WHERE of each SELECT on it leaves, by
 * comparing the partition column, or its day or month, with constants. All months (`{}`) where any part of the query
 * reads it in another way.
 */
export async function monthsRead(engine: Engine, sql: string, table: PartitionedTable): Promise<MonthsRead> {
  const parsed = await parseSql(engine, sql);
  const reads: Read[] = [];
  if (parsed.kind === 'queries') collect(parsed.trees, table, reads);
  const months = await Promise.all(reads.map((read) => monthsOf(engine, read)));
  const first = months[0];
  return first === undefined ? {} : months.reduce(union, first);
}

/** One place where the table is read: what holds of every row there, and how the partition column is named. */
interface Read {
  readonly conditions: readonly unknown[];
  readonly names: ReadonlySet<string>;
}

/** Nothing is known of the rows that are read. */
const WHOLE: Read = { conditions: [], names: new Set() };

const Select = z.looseObject({
  type: z.literal('SELECT_NODE'),
  from_table: z.unknown(),
  where_clause: z.unknown(),
  sample: z.unknown(),
});
const BaseTable = z.looseObject({
  type: z.literal('BASE_TABLE'),
  alias: z.string().default(''),
  table_name: z.string(),
  sample: z.unknown(),
  at_clause: z.unknown(),
  column_name_alias: z.array(z.unknown()).default([]),
});
/** Joins after which a condition on a table's column holds of the table's own rows: none that chooses rows by others. */
const Join = z.looseObject({
  type: z.literal('JOIN'),
  ref_type: z.enum(['REGULAR', 'CROSS']),
  join_type: z.enum(['INNER', 'LEFT', 'RIGHT', 'OUTER', 'FULL']),
  left: z.unknown(),
  right: z.unknown(),
  condition: z.unknown(),
});

function collect(part: unknown, table: PartitionedTable, reads: Read[]): void {
  if (part === null || typeof part !== 'object') return;
  const select = Select.safeParse(part);
  if (select.success) {
    const { from_table: from, ...rest } = select.data;
    const isSampled = (select.data.sample ?? null) !== null;
    const where = isSampled ? [] : conjuncts(select.data.where_clause);
    const isAlone = BaseTable.safeParse(from).success;
    collectSource(from, { table, reads, where, isAlone });
    for (const other of Object.values(rest)) collect(other, table, reads);
    return;
  }
  const base = BaseTable.safeParse(part);
  const isFunction = 'type' in part && part.type === 'TABLE_FUNCTION';
  if (isFunction || (base.success && isOf(base.data, table))) reads.push(WHOLE);
  for (const other of Object.values(part)) collect(other, table, reads);
}

/** The contents of one FROM. */
interface Source {
  readonly table: PartitionedTable;
  readonly reads: Read[];
  readonly where: readonly unknown[];
  /** Whether the table is all there is, so that its columns need no name of a table before them. */
  readonly isAlone: boolean;
}

function collectSource(part: unknown, source: Source): void {
  const { table, reads, where, isAlone } = source;
  const join = Join.safeParse(part);
  if (join.success) {
    collectSource(join.data.left, source);
    collectSource(join.data.right, source);
    collect(join.data.condition, table, reads);
    return;
  }
  const base = BaseTable.safeParse(part);
  if (!base.success || !isOf(base.data, table)) {
    collect(part, table, reads);
    return;
  }
  const { alias, table_name: name, sample, at_clause: at, column_name_alias: renamed } = base.data;
  const isPlain = (sample ?? null) === null && (at ?? null) === null && renamed.length === 0;
  const column = table.column.toLowerCase();
  const qualified = `${(alias === '' ? name : alias).toLowerCase()}.${column}`;
  const names = new Set(isAlone ? [column, qualified] : [qualified]);
  reads.push(isPlain ? { conditions: where, names } : WHOLE);
}

function isOf({ table_name: name }: { readonly table_name: string }, { table }: PartitionedTable): boolean {
  return name.toLowerCase() === table.toLowerCase();
}

const And = z.looseObject({ type: z.literal('CONJUNCTION_AND'), children: z.array(z.unknown()) });

function conjuncts(condition: unknown): unknown[] {
  const parsed = And.safeParse(condition);
  if (parsed.success) return parsed.data.children.flatMap(conjuncts);
  return (condition ?? null) === null ? [] : [condition];
}

const Comparison = z.looseObject({
  class: z.literal('COMPARISON'),
  type: z.string(),
  left: z.unknown(),
  right: z.unknown(),
});
const Between = z.looseObject({
  type: z.literal('COMPARE_BETWEEN'),
  input: z.unknown(),
  lower: z.unknown(),
  upper: z.unknown(),
});

type Sign = '>' | '>=' | '<' | '<=' | '=';
const SIGNS: ReadonlyMap<string, readonly [Sign, Sign]> = new Map([
  ['COMPARE_GREATERTHAN', ['>', '<']],
  ['COMPARE_GREATERTHANOREQUALTO', ['>=', '<=']],
  ['COMPARE_LESSTHAN', ['<', '>']],
  ['COMPARE_LESSTHANOREQUALTO', ['<=', '>=']],
  ['COMPARE_EQUAL', ['=', '=']],
]);

async function monthsOf(engine: Engine, { conditions, names }: Read): Promise<MonthsRead> {
  const isColumn = (side: unknown): boolean => isMonthOf(side, names);
  let months: MonthsRead = {};
  const narrow = async (sign: Sign, bound: unknown): Promise<void> => {
    const at = await boundMonth(engine, bound);
    if (at === undefined) return;
    if (sign === '>' || sign === '>=' || sign === '=') months = intersection(months, { from: at.month });
    if (sign === '<=' || sign === '=') months = intersection(months, { to: at.month });
    if (sign === '<') months = intersection(months, { to: at.isFirst ? at.month - 1 : at.month });
  };
  for (const condition of conditions) {
    const between = Between.safeParse(condition);
    if (between.success && isColumn(between.data.input)) {
      await narrow('>=', between.data.lower);
      await narrow('<=', between.data.upper);
    }
    const comparison = Comparison.safeParse(condition);
    const signs = comparison.success ? SIGNS.get(comparison.data.type) : undefined;
    if (!comparison.success || signs === undefined) continue;
    const { left, right } = comparison.data;
    if (isColumn(left)) await narrow(signs[0], right);
    else if (isColumn(right)) await narrow(signs[1], left);
  }
  return months;
}

const Named = z.looseObject({ class: z.literal('COLUMN_REF'), column_names: z.array(z.string()) });
const Cast = z.looseObject({
  class: z.literal('CAST'),
  child: z.unknown(),
  cast_type: z.looseObject({ id: z.string() }),
});
const Call = z.looseObject({
  class: z.literal('FUNCTION'),
  function_name: z.string(),
  children: z.tuple([z.looseObject({ value: z.looseObject({ value: z.string() }) }), z.unknown()]),
});
/** First arguments of functions whose result lies in the month of their second one; engines run in UTC. */
const SAME_MONTH: ReadonlySet<string> = new Set(['date_trunc day', 'date_trunc month', 'timezone utc']);

/** Whether an expression is the partition column, or its day or month: in the same month as the column, and in its order. */
function isMonthOf(expression: unknown, names: ReadonlySet<string>): boolean {
  const named = Named.safeParse(expression);
  if (named.success) return names.has(named.data.column_names.slice(-2).join('.').toLowerCase());
  const cast = Cast.safeParse(expression);
  if (cast.success)
    return /^(DATE|TIMESTAMP)/.test(cast.data.cast_type.id) && isMonthOf(cast.data.child, names);
  const call = Call.safeParse(expression);
  if (!call.success) return false;
  const [{ value }, inner] = call.data.children;
  return SAME_MONTH.has(`${call.data.function_name} ${value.value}`.toLowerCase()) && isMonthOf(inner, names);
}

function intersection(a: MonthsRead, b: MonthsRead): MonthsRead {
  return monthsWithin(largest(a.from, b.from), smallest(a.to, b.to));
}

/** From the first month of either to the last one. */
function union(a: MonthsRead, b: MonthsRead): MonthsRead {
  const from = a.from === undefined || b.from === undefined ? undefined : Math.min(a.from, b.from);
  const to = a.to === undefined || b.to === undefined ? undefined : Math.max(a.to, b.to);
  return monthsWithin(from, to);
}

function monthsWithin(from: number | undefined, to: number | undefined): MonthsRead {
  return { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
}

const largest = (a = Number.NEGATIVE_INFINITY, b = Number.NEGATIVE_INFINITY): number | undefined =>
  finite(Math.max(a, b));
const smallest = (a = Number.POSITIVE_INFINITY, b = Number.POSITIVE_INFINITY): number | undefined =>
  finite(Math.min(a, b));
const finite = (value: number): number | undefined => (Number.isFinite(value) ? value : undefined);
