import { identifier } from '../engine/sql.ts';
import { expressionSql } from './portable-expressions.ts';
import {
  type KnownColumn,
  NotPortable,
  type Part,
  type Printing,
  partOf,
  partsOf,
  textIn,
} from './portable-parts.ts';

/** SQL that gives the same rows on DuckDB, Trino and Athena, or why there is none. */
export type PortableSql =
  | { readonly kind: 'portable'; readonly sql: string }
  | { readonly kind: 'other'; readonly why: string };

/** What the SQL may name. */
export interface PortableNames {
  /** Tables as it names them, `silver.shop_sales`; each is printed without its schema. */
  readonly tables: ReadonlySet<string>;
  readonly columns: ReadonlyMap<string, KnownColumn>;
}

/**
 * A query of Gold SQL (`json_serialize_sql`'s statement, its months put in) for engines other than DuckDB, printed from the parsed
 * tree. Only what is known to mean the same everywhere has a spelling: joins by ON, GROUP BY, UNION, WITH, CASE, comparisons,
 * sums, counts, least and greatest values, `+ - *`, and months of dates. Not `/`, averages, windows, ORDER BY, casts to text,
 * decimals of several scales, and sums of no known type.
 */
export function portableSql(statement: unknown, names: PortableNames): PortableSql {
  try {
    const scales = { scales: new Set<number>(), constantScales: new Set<number>() };
    const printing: Printing = { ...names, ...scales, named: new Set(), querySql };
    const sql = querySql(partOf(partOf(statement).node), printing);
    refuseScales(printing);
    return { kind: 'portable', sql };
  } catch (error) {
    if (error instanceof NotPortable) return { kind: 'other', why: error.message };
    throw error;
  }
}

/** BIGINT has 19 digits; what is compared or added has 38 in all. */
const MOST_SCALE = 18;

/**
 * Where decimals of several scales meet, and one has 38 digits as a sum has, DuckDB gives up digits behind the point and
 * others don't. With one scale in all there is nothing to give up.
 */
function refuseScales({ scales, constantScales }: Printing): void {
  const [scale, ...others] = scales;
  if (others.length > 0)
    throw new NotPortable(
      `its decimals have ${[...scales].sort().join(' and ')} digits behind the point, which engines make equal in their own way; cast all to one`,
    );
  const most = Math.max(0, ...constantScales);
  if ((scale !== undefined && most > scale) || Math.max(scale ?? 0, most) > MOST_SCALE)
    throw new NotPortable(
      `a constant has ${most} digits behind the point, more than its columns have, or than ${MOST_SCALE}`,
    );
}

function querySql(node: Part, outer: Printing): string {
  let printing = outer;
  const items: string[] = [];
  for (const entry of partsOf(partOf(node.cte_map).map)) {
    const value = partOf(entry.value);
    const name = textIn(entry, 'key').toLowerCase();
    if (outer.tables.has(`silver.${name}`))
      throw new NotPortable(`WITH names '${name}' as a table is called`);
    const aliases = namesSql(value.aliases);
    items.push(`${identifier(name)}${aliases} AS (${querySql(partOf(partOf(value.query).node), printing)})`);
    printing = { ...printing, named: new Set([...printing.named, name]) };
  }
  const body = node.type === 'SELECT_NODE' ? selectSql(node, printing) : setSql(node, printing);
  return items.length === 0 ? body : `WITH ${items.join(', ')} ${body}`;
}

const SET_OPERATIONS: ReadonlySet<unknown> = new Set(['UNION', 'EXCEPT', 'INTERSECT']);

function setSql(node: Part, printing: Printing): string {
  if (node.type !== 'SET_OPERATION_NODE' || !SET_OPERATIONS.has(node.setop_type))
    throw new NotPortable(`it has a ${textIn(node, 'type')} ${textIn(node, 'setop_type')}`);
  refuseModifiers(node);
  const all = node.setop_all === true ? ' ALL' : '';
  const sides = [node.left, node.right].map((side) => `(${querySql(partOf(side), printing)})`);
  return sides.join(` ${String(node.setop_type)}${all} `);
}

function selectSql(node: Part, printing: Printing): string {
  const isDistinct = refuseModifiers(node);
  if ((node.qualify ?? null) !== null) throw new NotPortable('it has QUALIFY');
  if (node.aggregate_handling !== 'STANDARD_HANDLING') throw new NotPortable('it has GROUP BY ALL');
  const sets = Array.isArray(node.group_sets) ? node.group_sets : [];
  if (sets.length > 1) throw new NotPortable('it has GROUPING SETS');
  const groups = partsOf(node.group_expressions);
  if (groups.some((group) => group.class === 'CONSTANT' && typeof partOf(group.value).value !== 'number'))
    throw new NotPortable('it groups by a constant');
  const items = partsOf(node.select_list).map((item) => itemSql(item, printing));
  const clause = (word: string, part: unknown): string =>
    (part ?? null) === null ? '' : ` ${word} ${expressionSql(partOf(part), printing)}`;
  const from = partOf(node.from_table);
  return [
    `SELECT ${isDistinct ? 'DISTINCT ' : ''}${items.join(', ')}`,
    from.type === 'EMPTY' ? '' : ` FROM ${sourceSql(from, printing)}`,
    clause('WHERE', node.where_clause),
    groups.length === 0
      ? ''
      : ` GROUP BY ${groups.map((group) => expressionSql(group, printing)).join(', ')}`,
    clause('HAVING', node.having),
  ].join('');
}

/** Whether a query is DISTINCT; ORDER BY and LIMIT choose by an order that engines don't share. */
function refuseModifiers(node: Part): boolean {
  const modifiers = partsOf(node.modifiers);
  const isPlain = (one: Part): boolean =>
    one.type === 'DISTINCT_MODIFIER' && partsOf(one.distinct_on_targets).length === 0;
  if (!modifiers.every(isPlain)) throw new NotPortable('it has ORDER BY, LIMIT or DISTINCT ON');
  return modifiers.length > 0;
}

function itemSql(item: Part, printing: Printing): string {
  const alias = textIn(item, 'alias');
  return `${expressionSql(item, printing)}${alias === '' ? '' : ` AS ${identifier(alias)}`}`;
}

const JOINS: Readonly<Record<string, string>> = {
  INNER: 'JOIN',
  LEFT: 'LEFT JOIN',
  RIGHT: 'RIGHT JOIN',
  FULL: 'FULL JOIN',
  OUTER: 'FULL JOIN',
};

function sourceSql(source: Part, printing: Printing): string {
  const alias = textIn(source, 'alias');
  const columns = namesSql(source.column_name_alias);
  switch (source.type) {
    case 'BASE_TABLE': {
      const [schema, table] = [textIn(source, 'schema_name'), textIn(source, 'table_name').toLowerCase()];
      const isKnown = schema === '' ? printing.named.has(table) : printing.tables.has(`silver.${table}`);
      if (!isKnown) throw new NotPortable(`it reads '${schema}.${table}', which is no table of Silver`);
      return `${identifier(table)} AS ${identifier(alias === '' ? table : alias)}${columns}`;
    }
    case 'SUBQUERY': {
      if (alias === '') throw new NotPortable('a subquery behind FROM has no name; write AS name');
      const query = querySql(partOf(partOf(source.subquery).node), printing);
      return `(${query}) AS ${identifier(alias)}${columns}`;
    }
    case 'EXPRESSION_LIST': {
      const rows = (Array.isArray(source.values) ? source.values : []).map(
        (row: unknown) =>
          `(${partsOf(row)
            .map((value) => expressionSql(value, printing))
            .join(', ')})`,
      );
      return `(VALUES ${rows.join(', ')}) AS ${identifier(alias === '' ? 'valueslist' : alias)}${columns}`;
    }
    case 'JOIN':
      return joinSql(source, printing);
    default:
      throw new NotPortable(`it has a ${textIn(source, 'type')} behind FROM`);
  }
}

function joinSql(join: Part, printing: Printing): string {
  const [left, right] = [join.left, join.right].map((side) => sourceSql(partOf(side), printing));
  if (join.ref_type === 'CROSS') return `${left} CROSS JOIN ${right}`;
  const word = JOINS[textIn(join, 'join_type')];
  const isByOn = (join.condition ?? null) !== null && partsOfAny(join.using_columns) === 0;
  if (word === undefined || join.ref_type !== 'REGULAR' || !isByOn)
    throw new NotPortable('it joins by USING, or in another way than by ON; write ON a.x = b.x');
  return `${left} ${word} ${right} ON ${expressionSql(partOf(join.condition), printing)}`;
}

const partsOfAny = (value: unknown): number => (Array.isArray(value) ? value.length : 0);

/** ` (a, b)`, or nothing. */
function namesSql(value: unknown): string {
  const names = Array.isArray(value) ? value.map((name) => identifier(String(name))) : [];
  return names.length === 0 ? '' : ` (${names.join(', ')})`;
}
