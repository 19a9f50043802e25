/**
 * Which columns of its tables the values of a query's columns come from. What decides only which rows there are, their
 * order, or how many (conditions, GROUP BY, COUNT, IS NULL) carries no value. Where a name can't be told for certain it
 * stands for all that it may mean: too many columns are named rather than too few.
 */

/** A column of a query or a table, and the columns of tables that its values come from, as `schema.table.column`. */
export interface OriginField {
  readonly name: string;
  readonly origins: ReadonlySet<string>;
}

/** What can be named at a place. */
interface Scope {
  /** Every table that may be read, `schema.table` in lower case, with its columns. */
  readonly tables: ReadonlyMap<string, readonly OriginField[]>;
  /** What WITH named before. */
  readonly named: ReadonlyMap<string, readonly OriginField[]>;
  readonly relations: readonly Relation[];
  readonly outer?: Scope;
}

/** Something behind FROM, by the name under which its columns may be named. */
interface Relation {
  readonly alias: string;
  readonly fields: readonly OriginField[];
}

type Part = Readonly<Record<string, unknown>>;

/**
 * The columns of a parsed query (`json_serialize_sql`'s statement) in their order, with the origins of each. `columnsOf` has
 * the columns of each table that it may read, by `schema.table`.
 */
export function columnOrigins(
  statement: unknown,
  columnsOf: ReadonlyMap<string, readonly string[]>,
): readonly OriginField[] {
  const tables = new Map(
    [...columnsOf].map(([table, columns]) => [
      lower(table),
      columns.map((name) => ({ name: lower(name), origins: new Set([`${table}.${name}`]) })),
    ]),
  );
  return fieldsOf(partOf(partOf(statement).node), { tables, named: new Map(), relations: [] });
}

const lower = (value: unknown): string => (typeof value === 'string' ? value.toLowerCase() : '');
const partOf = (value: unknown): Part => (typeof value === 'object' && value !== null ? (value as Part) : {});
const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** All origins of several fields or sets. */
const union = (...sets: readonly ReadonlySet<string>[]): ReadonlySet<string> =>
  new Set(sets.flatMap((set) => [...set]));
const allOf = (fields: readonly OriginField[]): ReadonlySet<string> =>
  union(...fields.map(({ origins }) => origins));

/** A column of any name, whose values may come from everywhere: what can't be followed. */
const anything = ({ tables }: Scope): OriginField[] => [
  { name: '', origins: allOf([...tables.values()].flat()) },
];

function fieldsOf(node: Part, outer: Scope): readonly OriginField[] {
  let scope = outer;
  for (const entry of listOf(partOf(node.cte_map).map).map(partOf)) {
    const value = partOf(entry.value);
    const fields = renamed(fieldsOf(partOf(partOf(value.query).node), scope), value.aliases);
    scope = { ...scope, named: new Map([...scope.named, [lower(entry.key), fields]]) };
  }
  if (node.type === 'SELECT_NODE') return selected(node, scope);
  if (node.type === 'SET_OPERATION_NODE')
    return combined(node, fieldsOf(partOf(node.left), scope), fieldsOf(partOf(node.right), scope));
  return anything(scope);
}

function selected(node: Part, outer: Scope): readonly OriginField[] {
  const { tables, named } = outer;
  const scope: Scope = { tables, named, relations: relationsOf(partOf(node.from_table), outer), outer };
  const fields: OriginField[] = [];
  for (const item of listOf(node.select_list).map(partOf)) {
    if (item.class === 'STAR') fields.push(...starred(item, scope));
    else
      fields.push({
        name: lower(item.alias) || lower(listOf(item.column_names).at(-1)),
        origins: originsOf(item, scope, fields),
      });
  }
  return fields;
}

/** Of `*` and `t.*`; a column that was given another name there may be any. */
function starred(star: Part, scope: Scope): OriginField[] {
  const of = lower(star.relation_name);
  const excluded = new Set(listOf(star.exclude_list).map(lower));
  const replaced = new Map(
    listOf(star.replace_list)
      .map(partOf)
      .map(({ key, value }) => [lower(key), originsOf(value, scope, [])]),
  );
  const fields = scope.relations
    .filter(({ alias }) => of === '' || alias === of)
    .flatMap((relation) => relation.fields)
    .filter(({ name }) => !excluded.has(name))
    .map(({ name, origins }) => ({ name, origins: replaced.get(name) ?? origins }));
  return listOf(star.rename_list).length === 0 ? fields : [...fields, { name: '', origins: allOf(fields) }];
}

/** By place, or by name; where both sides aren't equally wide, each column with all of them. */
function combined(
  { setop_type: type }: Part,
  left: readonly OriginField[],
  right: readonly OriginField[],
): readonly OriginField[] {
  const both = [...left, ...right];
  if (String(type).includes('BY_NAME')) return both;
  const all = allOf(both);
  return left.map(({ name, origins }, n) => ({
    name,
    origins: left.length === right.length ? union(origins, right[n]?.origins ?? all) : all,
  }));
}

function relationsOf(from: Part, scope: Scope): readonly Relation[] {
  const alias = lower(from.alias);
  const relation = (fields: readonly OriginField[], name = alias): Relation[] => [
    { alias: name, fields: renamed(fields, from.column_name_alias) },
  ];
  switch (from.type) {
    case 'EMPTY':
      return [];
    case 'BASE_TABLE': {
      const table = lower(from.table_name);
      const schema = lower(from.schema_name);
      const fields = schema === '' ? scope.named.get(table) : scope.tables.get(`${schema}.${table}`);
      return relation(fields ?? anything(scope), alias || table);
    }
    case 'SUBQUERY':
      return relation(fieldsOf(partOf(partOf(from.subquery).node), scope));
    case 'EXPRESSION_LIST':
      return relation(valuesOf(listOf(from.values), scope));
    case 'JOIN': {
      const left = relationsOf(partOf(from.left), scope);
      // A subquery on the right may name what stands on the left.
      return [...left, ...relationsOf(partOf(from.right), { ...scope, relations: left, outer: scope })];
    }
    default:
      return relation(anything(scope));
  }
}

function valuesOf(rows: readonly unknown[], scope: Scope): OriginField[] {
  const width = Math.max(0, ...rows.map((row) => listOf(row).length));
  return Array.from({ length: width }, (_, n) => ({
    name: `col${n}`,
    origins: union(...rows.map((row) => originsOf(listOf(row)[n], scope, []))),
  }));
}

/** Fields under the names of a list, as far as it goes. */
const renamed = (fields: readonly OriginField[], names: unknown): readonly OriginField[] =>
  fields.map((field, n) => ({ ...field, name: lower(listOf(names)[n]) || field.name }));

/** Calls whose result tells how many, never what. */
const COUNTS: ReadonlySet<string> = new Set(['count', 'count_star', 'count_if']);

/** What the values of an expression come from; `before` are the columns before it, which it may name by their aliases. */
function originsOf(part: unknown, scope: Scope, before: readonly OriginField[]): ReadonlySet<string> {
  const within = (inner: unknown): ReadonlySet<string> => originsOf(inner, scope, before);
  if (Array.isArray(part)) return union(...part.map(within));
  const expression = partOf(part);
  switch (expression.class) {
    case 'COLUMN_REF':
      return resolved(listOf(expression.column_names).map(lower), scope, before);
    case 'STAR':
      return allOf(scope.relations.flatMap(({ fields }) => fields));
    case 'SUBQUERY':
      if (expression.subquery_type === 'EXISTS' || expression.subquery_type === 'NOT_EXISTS') return NOTHING;
      return union(
        within(expression.child),
        allOf(fieldsOf(partOf(partOf(expression.subquery).node), scope)),
      );
    case 'FUNCTION':
      return COUNTS.has(lower(expression.function_name)) ? NOTHING : within(expression.children);
    case 'WINDOW': {
      const { children, default_expr: otherwise } = expression;
      return COUNTS.has(lower(expression.function_name)) ? NOTHING : within([children, otherwise]);
    }
    case 'OPERATOR':
      if (expression.type === 'OPERATOR_IS_NULL' || expression.type === 'OPERATOR_IS_NOT_NULL')
        return NOTHING;
  }
  return within(Object.values(expression).filter((inner) => typeof inner === 'object'));
}

const NOTHING: ReadonlySet<string> = new Set();

/** What a name stands for; where nothing here or around has it, all that there is. */
function resolved(
  path: readonly string[],
  scope: Scope,
  before: readonly OriginField[],
): ReadonlySet<string> {
  for (let at: Scope | undefined = scope; at !== undefined; at = at.outer) {
    const found = foundIn(path, at.relations);
    if (found !== undefined) return found;
    const aliased = at === scope ? before.filter(({ name }) => name === path[0]) : [];
    if (aliased.length > 0) return allOf(aliased);
  }
  return allOf(anything(scope));
}

/** By `column`, `relation.column`, `schema.relation.column`, each perhaps with members behind, or a whole relation. */
function foundIn(path: readonly string[], relations: readonly Relation[]): ReadonlySet<string> | undefined {
  const found = relations.flatMap(({ alias, fields }) => {
    const at = path.slice(0, 2).indexOf(alias);
    const own = fields.filter(({ name }) => name === path[0] || (at >= 0 && name === path[at + 1]));
    if (own.length > 0) return own;
    // A relation's own name is a record of all of its columns; a column without a name may have any.
    return at >= 0 ? fields : fields.filter(({ name }) => name === '');
  });
  return found.length === 0 ? undefined : allOf(found);
}
