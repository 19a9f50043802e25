import { z } from 'zod';
import { loadContracts } from '../contract/load-contracts.ts';
import type { Engine } from '../engine/engine.ts';
import { duckDbFault } from '../engine/engine-error.ts';
import { parseSql } from '../engine/parse-sql.ts';
import { ConfigError } from '../errors.ts';
import type { Word } from '../operations/decide-run.ts';
import { Revealer } from '../personal/revealer.ts';
import { recordReveal } from '../personal/reveals.ts';
import type { Effects } from '../ports.ts';
import { answerOf, INTO_ANSWER, type QueryAnswer } from './answer.ts';
import type { AsOf } from './as-of.ts';
import {
  asksCatalog,
  type CatalogTable,
  describeSql,
  fillCatalog,
  inSchema,
  listTables,
  tableListSql,
} from './catalog.ts';
import { wrongReaderSql } from './check-reader-sql.ts';
import { SCHEMAS } from './lake-tables.ts';
import { createLakeViews } from './lake-views.ts';
import { noTable } from './no-table.ts';
import { createProjectionsAt, projectionCalls } from './projections-at.ts';
import { explained, namedTables, placeIn, quotedLine } from './query-error.ts';
import type { Reader } from './reader.ts';
import { defineNoReveal, defineReveal, revealedSql } from './reveal-views.ts';
import { withoutEnd } from './sql-text.ts';
import { columnsToQuote } from './words-of-sql.ts';

/** A question, its moment, and its author, a `reader` if their rights differ from this process's. */
export interface Question {
  readonly sql: string;
  readonly asOf: AsOf;
  readonly reader?: Reader;
  /** Data groups whose values are shown, by whom and why: it is kept in ops.reveals before anybody sees one. */
  readonly reveal?: Revealing;
}

/** Who sees the values of data groups, and why. */
export interface Revealing extends Word {
  readonly groups: readonly string[];
}

/**
 * Answers one SELECT (or FROM, WITH, DESCRIBE …) over the lake's tables. Throws ConfigError `SQL` for a statement that
 * DuckDB refuses or its reader may not run, `NO_TABLE`, listing the tables, for one that doesn't exist, and `NO_GROUP`,
 * listing the data groups, where one is to be revealed that isn't there.
 */
export async function runQuery(engine: Engine, effects: Effects, question: Question): Promise<QueryAnswer> {
  const { reveal } = question;
  if (reveal === undefined) return await answerTo(engine, effects, question);
  const revealed = await openReveal(engine, effects, reveal);
  try {
    return await answerTo(engine, effects, { ...question, revealed });
  } finally {
    revealed.dispose();
  }
}

async function answerTo(
  engine: Engine,
  effects: Effects,
  { sql: given, asOf, reader, revealed }: Question & { readonly revealed?: Revealed },
): Promise<QueryAnswer> {
  const sql = given.trim();
  const asked = await checkStatement(engine, sql, () => listTables(effects, reader));
  if (asked.kind === 'tables')
    return await answerOf(engine, tableListSql(inSchema(await listTables(effects, reader), asked.schema)));
  const names = async (): Promise<readonly string[]> =>
    (await listTables(effects, reader)).map(({ name }) => name);
  const calls = asked.tree === undefined ? [] : projectionCalls(asked.tree);
  if (reader !== undefined) checkReader(asked.tree, await names(), { mayReveal: revealed !== undefined });
  if (revealed === undefined && /\breveal\s*\(/i.test(sql)) await defineNoReveal(engine);
  const shows = revealed === undefined ? undefined : revealedSql;
  await createLakeViews(engine, effects, sql, asOf, { isExact: true, reader, shows });
  await createProjectionsAt(engine, effects, { calls, asOf, reader });
  if (asksCatalog(sql)) await fillCatalog(engine, effects, sql, reader);
  const open = asked.kind === 'description' ? 'FROM (' : '';
  const select = asked.kind === 'description' ? `${open}${withoutEnd(sql)}\n)` : sql;
  const table = asked.kind === 'description' ? await described(effects, asked.table, reader) : undefined;
  if (table !== undefined) return await answerOf(engine, describeSql(withoutEnd(sql), table));
  try {
    const answer = await answerOf(engine.naming('the query'), select);
    return revealed === undefined
      ? answer
      : await revealed.kept(answer, () => answerOf(engine.naming('the query'), select));
  } catch (error) {
    throw await explained(error, { sql, tree: asked.tree, prefix: `${INTO_ANSWER}${open}`, names });
  }
}

/** What a query reveals. */
interface Revealed {
  /** Asks again until no key is missing, and keeps that it was answered. */
  kept(answer: QueryAnswer, again: () => Promise<QueryAnswer>): Promise<QueryAnswer>;
  dispose(): void;
}

/** Opens what a query may reveal. */
async function openReveal(
  engine: Engine,
  effects: Effects,
  { groups, ...word }: Revealing,
): Promise<Revealed> {
  const { contracts } = await loadContracts(effects.contracts);
  const revealer = await Revealer.open(effects, contracts.values(), groups);
  await defineReveal(engine, revealer);
  return {
    dispose: revealer.dispose,
    async kept(answer, again) {
      let last = answer;
      while (await engine.catchUp(() => revealer.learn())) last = await again();
      await recordReveal(effects, { how: 'query', groups: [...groups], columns: revealer.counts() }, word);
      return last;
    },
  };
}

/** Refuses what a reader may not do; what can't be parsed into a tree can't be looked through. */
function checkReader(
  tree: unknown,
  tables: readonly string[],
  rights: { readonly mayReveal: boolean },
): void {
  if (tree === undefined)
    throw new ConfigError('SQL', 'The SQL has columns that come from the data: write PIVOT … ON … IN (…).');
  const known = new Set(tables);
  const missing = namedTables(tree).find(({ name }) => isOfLake(name) && !known.has(name.toLowerCase()));
  if (missing !== undefined) throw noTable(missing.name, tables);
  const problem = wrongReaderSql(tree, known, rights);
  if (problem !== undefined) throw new ConfigError('SQL', `The SQL ${problem}.`);
}

const isOfLake = (name: string): boolean =>
  SCHEMAS.some((schema) => name.toLowerCase().startsWith(`${schema}.`));

/** What is known of the table that a DESCRIBE names; undefined where it describes something else. */
async function described(
  effects: Effects,
  name: string | undefined,
  reader: Reader | undefined,
): Promise<CatalogTable | undefined> {
  if (name === undefined) return undefined;
  const table = (await listTables(effects, reader)).find((one) => one.name === name.toLowerCase());
  return table?.columns.length === 0 ? undefined : table;
}

/** A query, and how it is asked: DuckDB's SHOW TABLES would list the views that were made, and not those that could be named. */
type AskedQuery =
  | { readonly kind: 'rows'; readonly tree: unknown }
  /** Of a whole `table` where it names one. */
  | { readonly kind: 'description'; readonly tree: unknown; readonly table: string | undefined }
  | { readonly kind: 'tables'; readonly schema: string | undefined };

/** Refuses what isn't exactly one query, before anything is read. */
async function checkStatement(
  engine: Engine,
  sql: string,
  tables: () => Promise<readonly CatalogTable[]>,
): Promise<AskedQuery> {
  const parsed = await parseSql(engine, sql);
  if (parsed.kind === 'broken') {
    const columns = (await tables()).flatMap((table) => table.columns.map(({ name }) => name));
    // Tables of ops have a column `at`.
    const quoted = await columnsToQuote(engine, sql, [...columns, 'at']);
    const advice =
      quoted.length === 0
        ? ''
        : ` A column whose name is a word of SQL is written in quotes: ${quoted.join(', ')}.`;
    const at = parsed.position ?? -1;
    throw new ConfigError('SQL', `The SQL can't be read: ${parsed.why}.${advice}${quotedLine(sql, at)}`, {
      context: { ...placeIn(sql, at) },
    });
  }
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
  const { table_name: shown, show_type: how, schema_name: schema, query } = description.data.node.from_table;
  if (how === 'SHOW_FROM') return { kind: 'tables', schema };
  if (SHOWN_TABLES.has(shown.replaceAll('"', ''))) return { kind: 'tables', schema: undefined };
  return { kind: 'description', tree, table: how === 'DESCRIBE' ? wholeTable(query) : undefined };
}

/** DESCRIBE, SUMMARIZE and SHOW: they can replace a SELECT only in brackets. */
const Description = z.object({
  node: z.object({
    from_table: z.object({
      type: z.literal('SHOW_REF'),
      table_name: z.string(),
      show_type: z.string(),
      schema_name: z.string(),
      query: z.unknown(),
    }),
  }),
});

/** All columns of one table, under their own names. */
const WholeTable = z.object({
  select_list: z.tuple([
    z.object({
      type: z.literal('STAR'),
      exclude_list: z.tuple([]),
      replace_list: z.tuple([]),
      rename_list: z.tuple([]),
    }),
  ]),
  from_table: z.object({
    type: z.literal('BASE_TABLE'),
    schema_name: z.string(),
    table_name: z.string(),
    column_name_alias: z.tuple([]).optional(),
  }),
});

/** The one table whose columns a query returns unchanged; undefined for other queries. */
function wholeTable(query: unknown): string | undefined {
  const { data } = WholeTable.safeParse(query);
  return data === undefined ? undefined : `${data.from_table.schema_name}.${data.from_table.table_name}`;
}

/** DuckDB's names of SHOW TABLES forms. */
const SHOWN_TABLES: ReadonlySet<string> = new Set(['tables', '__show_tables_expanded', 'all tables']);

/**
 * Whether a text is one query of a kind that DuckDB can't serialize: a PIVOT whose columns come from the data. It must
 * parse both by itself and in brackets behind FROM: a second statement would break one of the two.
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
