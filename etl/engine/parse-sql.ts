import { z } from 'zod';
import { type Engine, textOf } from './engine.ts';
import { literal } from './sql.ts';

/** What a text is as SQL; a `tree` is a statement as DuckDB's json_serialize_sql gives it. */
export type ParsedSql =
  | { readonly kind: 'queries'; readonly trees: readonly unknown[] }
  /** `position` in bytes, where DuckDB says one. */
  | { readonly kind: 'broken'; readonly why: string; readonly position?: number }
  /** SQL, but not (only) queries, or one of those that DuckDB doesn't serialize. */
  | { readonly kind: 'other' };

const Serialized = z.object({
  error: z.boolean(),
  error_type: z.string().optional(),
  error_message: z.string().optional(),
  position: z.coerce.number().int().optional().catch(undefined),
  statements: z.array(z.unknown()).optional(),
});

/** Parses a text as SQL without running any of it. Errors quote nothing but the text. */
export async function parseSql(engine: Engine, sql: string): Promise<ParsedSql> {
  if (sql.includes('\0')) return { kind: 'broken', why: 'it holds a NUL character' };
  const [row = {}] = await engine.rows(`SELECT CAST(json_serialize_sql(${literal(sql)}) AS VARCHAR) AS tree`);
  const read = treeOf(textOf(row, 'tree'));
  if (read === undefined)
    return { kind: 'broken', why: 'it writes a number that is greater than any type of DuckDB holds' };
  const parsed = Serialized.parse(read);
  if (parsed.error_type === 'parser')
    return {
      kind: 'broken',
      why: parsed.error_message ?? 'a syntax error',
      ...(parsed.position === undefined ? {} : { position: parsed.position }),
    };
  return parsed.error ? { kind: 'other' } : { kind: 'queries', trees: parsed.statements ?? [] };
}

/** What DuckDB's text of a tree says; undefined where it holds a number that no JSON can say, as `1e400`, which is infinite. */
function treeOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** The one query in a text, printed anew from its parse: comments are gone. The text must parse. */
async function printSql(engine: Engine, sql: string): Promise<string> {
  // DuckDB hands its own tree on: JavaScript would round the large numbers in it.
  const [row = {}] = await engine.rows(
    `SELECT json_deserialize_sql(json_serialize_sql(${literal(sql)})) AS printed`,
  );
  return textOf(row, 'printed');
}

/** What a check makes of a text: what is wrong with it, or the SQL that may be run. */
export type CheckedSql =
  | { readonly kind: 'checked'; readonly sql: string }
  | { readonly kind: 'wrong'; readonly problem: string };

/**
 * The SQL of a text in which `problemOf` finds nothing wrong, printed from what was parsed: nothing else of the text is
 * ever run. What was printed is checked once more, for that is what will be run.
 */
export async function checkedSql(
  engine: Engine,
  sql: string,
  problemOf: (parsed: ParsedSql) => string | undefined,
): Promise<CheckedSql> {
  const problem = problemOf(await parseSql(engine, sql));
  if (problem !== undefined) return { kind: 'wrong', problem };
  const printed = await printSql(engine, sql);
  const again = problemOf(await parseSql(engine, printed));
  return again === undefined ? { kind: 'checked', sql: printed } : { kind: 'wrong', problem: again };
}

/** The first thing that a check finds wrong in some parts of a tree; undefined where it finds nothing. */
export function firstWrong(
  parts: Iterable<unknown>,
  wrongPart: (part: unknown) => string | undefined,
): string | undefined {
  for (const part of parts) {
    const problem = wrongPart(part);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

/** `POSITIONAL_REFERENCE` → `positional reference`. */
export const plainKind = (kind: string): string => kind.toLowerCase().replaceAll('_', ' ');

/** An expression within a tree, as far as checks look at it. */
const Expression = z.looseObject({
  class: z.string(),
  type: z.string(),
  alias: z.string(),
  function_name: z.string().optional(),
  schema: z.string().optional(),
  catalog: z.string().optional(),
  column_names: z.array(z.string()).optional(),
  filter: z.unknown().optional(),
  distinct: z.boolean().optional(),
  order_bys: z.looseObject({ orders: z.array(z.unknown()) }).nullish(),
  children: z.array(z.unknown()).optional(),
  value: z
    .looseObject({ type: z.looseObject({ id: z.string() }), value: z.unknown() })
    .optional()
    .catch(undefined),
  columns: z.boolean().optional().catch(undefined),
  expr: z.unknown().optional(),
});
export type Expression = z.infer<typeof Expression>;

/** A tree part as an expression; undefined where it is none. Throws on an expression that it can't understand. */
export function asExpression(part: object): Expression | undefined {
  return 'class' in part ? Expression.parse(part) : undefined;
}

/** What is wrong with any function's call: only those of DuckDB itself are meant, by their plain names. */
export function wrongCall(
  expression: Expression,
  allowed: ReadonlySet<string>,
  where = 'docs/contracts.md lists them',
): string | undefined {
  const { function_name: name = '', schema = '', catalog = '' } = expression;
  const isOwn = (schema === '' || schema === 'main') && catalog === '';
  if (isOwn && allowed.has(name.toLowerCase())) return undefined;
  const named = [catalog, schema === 'main' ? '' : schema, name].filter((one) => one !== '').join('.');
  return `calls '${named}', which is not among the functions that it may call (${where})`;
}

/** What is wrong with a constant: DuckDB would print a number with an exponent as another type. */
export function wrongConstant({ value }: Expression): string | undefined {
  return value?.type.id === 'DOUBLE'
    ? `writes the number ${String(value.value)} with an exponent or more than 38 digits, which is not exact; write it out`
    : undefined;
}
