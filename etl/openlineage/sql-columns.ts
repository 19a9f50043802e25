import { z } from 'zod';
import type { ParsedSql } from '../engine/parse-sql.ts';

/** A column of a table that SQL names. */
export interface SqlColumn {
  /** `silver.shop_sales` */
  readonly table: string;
  readonly column: string;
}

/** From which columns each column of an answer comes, and which decide which rows there are. */
export interface SqlColumns {
  readonly fields: ReadonlyMap<string, { readonly from: readonly SqlColumn[]; readonly subtype: string }>;
  readonly filters: readonly SqlColumn[];
}

const Node = z.looseObject({
  type: z.literal('SELECT_NODE'),
  cte_map: z.object({ map: z.array(z.unknown()).max(0) }),
  select_list: z.array(z.looseObject({ class: z.string(), alias: z.string() })),
  from_table: z.unknown(),
  where_clause: z.unknown(),
  having: z.unknown(),
});

const Table = z.looseObject({
  type: z.literal('BASE_TABLE'),
  alias: z.string(),
  schema_name: z.string(),
  table_name: z.string(),
});

/**
 * What can be told for certain of a parsed query: one that is a single SELECT of named columns and expressions from tables
 * (columns of several must be known or named with their table). Undefined for every other: WITH, subqueries, UNION, stars.
 */
export function sqlColumns(
  parsed: ParsedSql,
  columnsOf: (table: string) => ReadonlySet<string> | undefined,
): SqlColumns | undefined {
  const tree = parsed.kind === 'queries' && parsed.trees.length === 1 ? parsed.trees[0] : undefined;
  const node = z.object({ node: Node }).safeParse(tree).data?.node;
  if (node === undefined) return undefined;
  const tables = tablesOf(node.from_table);
  if (tables === undefined) return undefined;
  const resolve = (path: readonly string[]): SqlColumn | undefined => resolved(path, tables, columnsOf);
  const read = (part: unknown): SqlColumn[] | undefined => columnsIn(part, resolve);
  const fields = new Map<string, { from: SqlColumn[]; subtype: string }>();
  for (const item of node.select_list) {
    const from = read(item);
    const path = item.class === 'COLUMN_REF' ? (item.column_names as string[]) : [];
    const name = item.alias || path.at(-1);
    if (from === undefined || name === undefined) return undefined;
    fields.set(name, { from, subtype: item.class === 'COLUMN_REF' ? 'IDENTITY' : 'TRANSFORMATION' });
  }
  const filters = read([node.where_clause, node.having]);
  return filters === undefined ? undefined : { fields, filters };
}

/** The tables behind FROM by the names under which their columns may be named. */
function tablesOf(from: unknown): Map<string, string> | undefined {
  const table = Table.safeParse(from).data;
  if (table !== undefined)
    return new Map([[table.alias || table.table_name, `${table.schema_name}.${table.table_name}`]]);
  const join = z
    .looseObject({ type: z.literal('JOIN'), left: z.unknown(), right: z.unknown() })
    .safeParse(from).data;
  const [left, right] = join === undefined ? [] : [tablesOf(join.left), tablesOf(join.right)];
  return left === undefined || right === undefined ? undefined : new Map([...left, ...right]);
}

function resolved(
  path: readonly string[],
  tables: ReadonlyMap<string, string>,
  columnsOf: (table: string) => ReadonlySet<string> | undefined,
): SqlColumn | undefined {
  const column = path.at(-1) ?? '';
  const named = path.length > 1 ? tables.get(path.at(-2) ?? '') : undefined;
  const having = [...new Set(tables.values())].filter((table) => columnsOf(table)?.has(column));
  const table = path.length > 1 ? named : having.length === 1 ? having[0] : undefined;
  return table === undefined ? undefined : { table, column };
}

/** The columns that a part of a tree names, each once; undefined where one can't be told, or a part hides some. */
function columnsIn(
  part: unknown,
  resolve: (path: readonly string[]) => SqlColumn | undefined,
): SqlColumn[] | undefined {
  if (part === null || typeof part !== 'object') return [];
  if ('class' in part && (part.class === 'SUBQUERY' || part.class === 'STAR')) return undefined;
  if ('class' in part && part.class === 'COLUMN_REF' && 'column_names' in part) {
    const column = resolve(z.array(z.string()).parse(part.column_names));
    return column === undefined ? undefined : [column];
  }
  const found = new Map<string, SqlColumn>();
  for (const inner of Object.values(part)) {
    const columns = columnsIn(inner, resolve);
    if (columns === undefined) return undefined;
    for (const column of columns) found.set(`${column.table}.${column.column}`, column);
  }
  return [...found.values()];
}
