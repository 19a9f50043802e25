import { z } from 'zod';
import { didYouMean } from '../contract/nearest.ts';
import { type Engine, textOf } from '../engine/engine.ts';
import { literal } from '../engine/sql.ts';
import { AssayError, ConfigError, messageOf } from '../errors.ts';
import type { Effects } from '../ports.ts';
import { answerOf, type QueryAnswer } from './answer.ts';
import type { AsOf } from './as-of.ts';
import { createLakeViews, listViews } from './lake-views.ts';
import { OPS_TABLES } from './ops-views.ts';

/**
 * Answers one SELECT (or FROM, WITH, DESCRIBE …) over the lake's tables. Throws ConfigError `SQL` for a statement that
 * DuckDB refuses and `NO_TABLE` for a table that there isn't, with those that there are.
 */
export async function runQuery(
  engine: Engine,
  effects: Effects,
  sql: string,
  asOf: AsOf,
): Promise<QueryAnswer> {
  await checkStatement(engine, sql);
  await createLakeViews(engine, effects, sql, asOf, { isExact: true });
  try {
    return await answerOf(engine, isShowTables(sql) ? tableList(await tableNames(effects)) : asTable(sql));
  } catch (error) {
    throw await explained(error, effects);
  }
}

const Serialized = z.object({
  error: z.boolean(),
  error_type: z.string().optional(),
  error_message: z.string().optional(),
  statements: z.array(z.unknown()).optional(),
});

/** Refuses what isn't exactly one statement, before anything is read. */
async function checkStatement(engine: Engine, sql: string): Promise<void> {
  if (sql.includes('\0')) throw new ConfigError('SQL', 'The SQL holds a NUL character.');
  const [row = {}] = await engine.rows(
    `SELECT CAST(json_serialize_sql(${literal(sql)}) AS VARCHAR) AS parsed`,
  );
  const parsed = Serialized.parse(JSON.parse(textOf(row, 'parsed')));
  if (parsed.error_type === 'parser') throw new ConfigError('SQL', `The SQL has a ${parsed.error_message}.`);
  // DuckDB serializes no PIVOT; it is a query all the same.
  if (parsed.error && !/^\s*(pivot|unpivot)\b/i.test(sql)) {
    throw new ConfigError(
      'SQL',
      'Only queries are answered: write SELECT, FROM, WITH, DESCRIBE, SUMMARIZE or PIVOT. Nothing here changes a table.',
    );
  }
  const statements = parsed.statements?.length ?? 1;
  if (statements === 0) throw new ConfigError('SQL', 'The SQL is empty.');
  if (statements > 1) throw new ConfigError('SQL', 'The SQL holds several statements: ask one at a time.');
}

const isShowTables = (sql: string): boolean => /^\s*show\s+(all\s+)?tables\s*;?\s*$/i.test(sql);

/** DuckDB would list the views that were made, and not those that a query could name. */
function tableList(names: readonly string[]): string {
  return `SELECT unnest([${names.map(literal).join(', ')}]) AS table_name`;
}

/** DESCRIBE and its like can't stand where a SELECT can, but in its brackets. */
function asTable(sql: string): string {
  const isDescription = /^\s*(describe|desc|summarize|show)\b/i.test(sql);
  return isDescription ? `FROM (${sql.trim().replace(/;+$/, '')}\n)` : sql;
}

/** What DuckDB says, in words that help: the tables there are, the line of the user's own text. */
async function explained(error: unknown, effects: Effects): Promise<unknown> {
  if (!(error instanceof AssayError) || error.cause === undefined) return error;
  const message = messageOf(error.cause);
  const missing = /Table with name "?([^"\s]+?)"? does not exist/.exec(message)?.[1];
  if (missing !== undefined) return await noTable(missing, message, effects);
  // Out of memory or disk is no mistake of the query's author; a file that isn't there is.
  if (error.name === 'TransientError' && !/No files found/.test(message)) return error;
  return new ConfigError('SQL', `The SQL can't be answered. ${ownLines(message)}`, { cause: error });
}

async function noTable(missing: string, message: string, effects: Effects): Promise<ConfigError> {
  const names = await tableNames(effects);
  // DuckDB names a table without its schema where the schema is there; the line it quotes has both.
  const written = new RegExp(`[\\w"]+\\s*\\.\\s*"?${missing.replace(/\W/g, '.')}\\b`, 'i').exec(
    message.split('\n\nLINE')[1] ?? '',
  )?.[0];
  const name = (written ?? missing).replaceAll('"', '');
  const short = name.split('.').at(-1) ?? name;
  const exact = names.filter(
    (one) => one.split('.')[1] === short || one.split('.')[1]?.endsWith(`_${short}`),
  );
  const meant = exact[0] === undefined ? didYouMean(name, names) : `; did you mean '${exact[0]}'?`;
  return new ConfigError(
    'NO_TABLE',
    `There is no table '${name}'${meant || '.'}\nThere are:\n${names.map((one) => `  ${one}`).join('\n')}`,
    { context: { table: name } },
  );
}

/** Every table that a query may name. */
export async function tableNames(effects: Effects): Promise<string[]> {
  const views = (await listViews(effects)).filter(({ layer }) => layer !== 'source_files');
  const order = ['silver', 'gold', 'quarantine', 'condemned'];
  const sorted = views.sort((a, b) => order.indexOf(a.layer) - order.indexOf(b.layer));
  return [...sorted.map(({ name }) => name), ...OPS_TABLES.map((name) => `ops.${name}`)];
}

/** The message with the line numbers of the text that the user wrote: it began on our second line. */
function ownLines(message: string): string {
  return message.replace(/\n\nLINE (\d+): /, (_, line: string) => `\n\nLINE ${Number(line) - 1}: `);
}
