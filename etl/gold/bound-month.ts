import { z } from 'zod';
import { type Engine, integerOf, textOf } from '../engine/engine.ts';
import { literal } from '../engine/sql.ts';

/** Where a value that a column is compared with lies: in which month since 1970-01, and whether it is its first instant. */
export interface BoundMonth {
  readonly month: number;
  readonly isFirst: boolean;
}

/** Functions that give the same for the same constants. */
const FUNCTIONS: ReadonlySet<string> = new Set([
  '+',
  '-',
  'date_trunc',
  'make_date',
  'to_days',
  'to_months',
  'to_years',
  'trunc',
]);

/**
 * The month of an expression of a parsed tree, as DuckDB computes it; undefined where it is not made of constants alone, or
 * is no date.
 */
export async function boundMonth(engine: Engine, expression: unknown): Promise<BoundMonth | undefined> {
  if (!isConstant(expression)) return undefined;
  const tree = await statementOf(engine, expression);
  const [printed = {}] = await engine.rows(`SELECT json_deserialize_sql(${literal(tree)}) AS text`);
  const [row = {}] = await engine.rows(
    `SELECT CAST((year(t) - 1970) * 12 + month(t) - 1 AS INTEGER) AS month, CAST(t = date_trunc('month', t) AS INTEGER) AS is_first
     FROM (SELECT TRY_CAST((${textOf(printed, 'text')}) AS TIMESTAMP) AS t) WHERE isfinite(t)`,
  );
  if (row.month === undefined) return undefined;
  return { month: integerOf(row, 'month'), isFirst: integerOf(row, 'is_first') === 1 };
}

const Part = z.looseObject({
  class: z.string(),
  function_name: z.string().optional(),
  children: z.array(z.unknown()).optional(),
  child: z.unknown().optional(),
  value: z.looseObject({ value: z.unknown() }).optional(),
});

function isConstant(expression: unknown): boolean {
  const parsed = Part.safeParse(expression);
  if (!parsed.success) return false;
  const { class: kind, function_name: name = '', children = [], child, value } = parsed.data;
  if (kind === 'CAST') return isConstant(child);
  if (kind === 'FUNCTION') return FUNCTIONS.has(name) && children.every(isConstant);
  // A number that JavaScript would round is none that a tree can be handed back with.
  const given = value?.value;
  return kind === 'CONSTANT' && (typeof given === 'string' || Number.isSafeInteger(given));
}

const Serialized = z.looseObject({
  statements: z.tuple([z.looseObject({ node: z.looseObject({ select_list: z.unknown() }) })]),
});

/** `SELECT <expression>` as a tree. */
async function statementOf(engine: Engine, expression: unknown): Promise<string> {
  const [row = {}] = await engine.rows("SELECT CAST(json_serialize_sql('SELECT 1') AS VARCHAR) AS tree");
  const parsed = Serialized.parse(JSON.parse(textOf(row, 'tree')));
  const [statement] = parsed.statements;
  const node = { ...statement.node, select_list: [expression] };
  const tree = { ...parsed, statements: [{ ...statement, node }] };
  // Where it stood in the text; "nowhere" is 2^64 - 1, which JavaScript can't hand back.
  return JSON.stringify(tree, (name, value) => (name === 'query_location' ? 0 : value));
}
