import { z } from 'zod';
import type { Engine } from '../engine/engine.ts';
import { duckDbFault } from '../engine/engine-error.ts';
import { parseSql } from '../engine/parse-sql.ts';
import { literal } from '../engine/sql.ts';
import { ConfigError } from '../errors.ts';
import type { Effects } from '../ports.ts';
import { answerOf, INTO_ANSWER, type QueryAnswer } from './answer.ts';
import type { AsOf } from './as-of.ts';
import { createLakeViews, listViews } from './lake-views.ts';
import { OPS_TABLES } from './ops-views.ts';
import { explained } from './query-error.ts';

/**
 * Answers one SELECT (or FROM, WITH, DESCRIBE …) over the lake's tables. Throws ConfigError `SQL` for a statement that
 * DuckDB refuses and `NO_TABLE` for a table that there isn't, with those that there are.
 */
export async function runQuery(
  engine: Engine,
  effects: Effects,
  given: string,
  asOf: AsOf,
): Promise<QueryAnswer> {
  const sql = given.trim();
  const { kind, tree } = await checkStatement(engine, sql);
  await createLakeViews(engine, effects, sql, asOf, { isExact: true });
  const names = (): Promise<readonly string[]> => tableNames(effects);
  if (kind === 'tables') return await answerOf(engine, tableList(await names()));
  const open = kind === 'description' ? 'FROM (' : '';
  const select = kind === 'description' ? `${open}${withoutEnd(sql)}\n)` : sql;
  try {
    return await answerOf(engine.naming('the query'), select);
  } catch (error) {
    throw await explained(error, { sql, tree, prefix: `${INTO_ANSWER}${open}`, names });
  }
}

/** A query, and how it is asked: DuckDB's SHOW TABLES would list the views that were made, and not those that could be named. */
interface AskedQuery {
  readonly kind: 'rows' | 'description' | 'tables';
  readonly tree: unknown;
}

/** Refuses what isn't exactly one query, before anything is read. */
async function checkStatement(engine: Engine, sql: string): Promise<AskedQuery> {
  const parsed = await parseSql(engine, sql);
  if (parsed.kind === 'broken') throw new ConfigError('SQL', `The SQL can't be read: ${parsed.why}.`);
  if (parsed.kind === 'other' && !(await isTableExpression(engine, sql))) {
    throw new ConfigError(
      'SQL',
      'Only queries are answered, one at a time: write SELECT, FROM, WITH, DESCRIBE, SUMMARIZE or PIVOT. Nothing here changes a table.',
    );
  }
  if (parsed.kind === 'other') return { kind: 'rows', tree: undefined };
  const [tree, ...more] = parsed.trees;
  if (tree === undefined) throw new ConfigError('SQL', 'The SQL is empty.');
  if (more.length > 0) throw new ConfigError('SQL', 'The SQL holds several statements: ask one at a time.');
  const description = Description.safeParse(tree);
  if (!description.success) return { kind: 'rows', tree };
  const { table_name: shown } = description.data.node.from_table;
  return { kind: SHOWN_TABLES.has(shown.replaceAll('"', '')) ? 'tables' : 'description', tree };
}

/** DESCRIBE, SUMMARIZE and SHOW: they can't stand where a SELECT can, but in its brackets. */
const Description = z.object({
  node: z.object({ from_table: z.object({ type: z.literal('SHOW_REF'), table_name: z.string() }) }),
});

/** What SHOW TABLES and its like come as. */
const SHOWN_TABLES: ReadonlySet<string> = new Set(['tables', '__show_tables_expanded', 'all tables']);

/**
 * Whether a text is one query though DuckDB serializes none of its kind: a PIVOT whose columns come from the data. It is one
 * where it can be read by itself and also as what stands in brackets behind FROM: a statement after it could be but one of both.
 */
async function isTableExpression(engine: Engine, sql: string): Promise<boolean> {
  try {
    await engine.countStatements(sql);
    await engine.countStatements(`FROM (\n${withoutEnd(sql)}\n)`);
    return true;
  } catch (error) {
    if (duckDbFault(error) === undefined) throw error;
    return false;
  }
}

/** Without the semicolon at its end. */
const withoutEnd = (sql: string): string => sql.trim().replace(/;+$/, '');

function tableList(names: readonly string[]): string {
  return `SELECT unnest([${names.map(literal).join(', ')}]) AS table_name`;
}

/** Every table that a query may name. */
export async function tableNames(effects: Effects): Promise<string[]> {
  const views = (await listViews(effects)).filter(({ layer }) => layer !== 'source_files');
  const order = ['silver', 'gold', 'quarantine', 'condemned'];
  const sorted = views.sort((a, b) => order.indexOf(a.layer) - order.indexOf(b.layer));
  return [...sorted.map(({ name }) => name), ...OPS_TABLES.map((name) => `ops.${name}`)];
}
