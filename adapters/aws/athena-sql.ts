import { identifier } from '../../etl/engine/sql.ts';
import { ConfigError } from '../../etl/errors.ts';
import { noTable } from '../../etl/query/no-table.ts';
import type { GlueName } from './glue-catalog.ts';

/** A piece of SQL text; together, the pieces are the text. */
export interface Piece {
  readonly kind: 'space' | 'text' | 'name' | 'mark';
  readonly text: string;
  /** What a name says, without quotes and in lower case; undefined for all else. */
  readonly name?: string;
}

/** A table as a query names it. */
export interface NamedTable {
  /** `silver.spend_council_payments`. */
  readonly name: string;
  /** Whether rows are read from it here; else a column is qualified with it. */
  readonly isSource: boolean;
}

/** The tables that a query may name, and where each stands in Glue. */
export type KnownTables = ReadonlyMap<string, GlueName>;

const SCHEMAS: ReadonlySet<string> = new Set([
  'silver',
  'gold',
  'projection',
  'quarantine',
  'condemned',
  'ops',
]);
const QUERIES: ReadonlySet<string> = new Set(['select', 'with', 'values', 'table', '(']);
// White space and comments; texts in quotes; names, in double quotes or without; one character of anything else.
const PIECE =
  /(?<space>\s+|--[^\n]*|\/\*[\s\S]*?\*\/)|(?<text>'(?:[^']|'')*')|(?<name>"(?:[^"]|"")*"|[\p{L}_][\p{L}\p{N}_$]*)|(?<mark>[\s\S])/gu;

/** The pieces of a text, in order. */
export function piecesOf(sql: string): Piece[] {
  return [...sql.matchAll(PIECE)].map(({ 0: text, groups = {} }) => {
    if (groups.space !== undefined) return { kind: 'space', text };
    if (groups.text !== undefined) return { kind: 'text', text };
    if (groups.name === undefined) return { kind: 'mark', text };
    const plain = text.startsWith('"') ? text.slice(1, -1).replaceAll('""', '"') : text;
    return { kind: 'name', text, name: plain.toLowerCase() };
  });
}

/** What a command line asks of Athena. */
export type AthenaRequest =
  | { readonly kind: 'query'; readonly sql: string }
  /** Of one schema where it is named. */
  | { readonly kind: 'show-tables'; readonly schema?: string }
  | { readonly kind: 'describe'; readonly table: string };

/**
 * Reads what is asked: one query, `SHOW TABLES`, `SHOW TABLES FROM schema`, or `DESCRIBE table`. Athena would take statements that write as well;
 * those are refused here, with ConfigError `SQL`.
 */
export function readRequest(sql: string, known: KnownTables): AthenaRequest {
  const pieces = piecesOf(sql).filter(({ kind }) => kind !== 'space');
  while (pieces.at(-1)?.text === ';') pieces.pop();
  if (pieces.some(({ text }) => text === ';'))
    throw sqlError('The SQL holds several statements: ask one at a time.');
  const words = pieces.map(({ name, text }) => name ?? text);
  const [first = ''] = words;
  const shown = /^show (?:all )?tables(?: (?:from|in) (?<schema>\S+))?$/.exec(words.join(' '));
  if (shown !== null) {
    const { schema } = shown.groups ?? {};
    return { kind: 'show-tables', ...(schema === undefined ? {} : { schema }) };
  }
  if (first === 'describe' || first === 'desc') {
    const named: string[] = [];
    rewriteTables(
      `FROM ${pieces
        .slice(1)
        .map(({ text }) => text)
        .join('')}`,
      known,
      ({ name }) => {
        named.push(name);
        return name;
      },
    );
    const [table] = named;
    if (table === undefined || pieces.length !== 4)
      throw sqlError('Write DESCRIBE and one table, e.g. DESCRIBE gold.….');
    return { kind: 'describe', table };
  }
  if (QUERIES.has(first)) return { kind: 'query', sql: withoutEnd(sql) };
  throw sqlError(
    'Only queries are answered: write SELECT, WITH, VALUES, SHOW TABLES, SHOW TABLES FROM or DESCRIBE. Nothing here changes a table.',
  );
}

const withoutEnd = (sql: string): string => sql.replace(/[\s;]+$/, '');

/**
 * The SQL with every table of the lake replaced; texts, comments and everything else stay as they are. Throws
 * ConfigError `NO_TABLE` where rows are asked of a table that there isn't.
 */
export function rewriteTables(
  sql: string,
  known: KnownTables,
  replace: (table: NamedTable) => string,
): string {
  const pieces = piecesOf(sql);
  const solid = pieces.flatMap((piece, at) => (piece.kind === 'space' ? [] : [{ ...piece, at }]));
  const texts = pieces.map(({ text }) => text);
  for (const [n, schema] of solid.entries()) {
    const [before, dot, table, after] = [solid[n - 1], solid[n + 1], solid[n + 2], solid[n + 3]];
    if (schema.name === undefined || !SCHEMAS.has(schema.name)) continue;
    if (before?.text === '.' || dot?.text !== '.' || table?.name === undefined) continue;
    const name = `${schema.name}.${table.name}`;
    if (known.has(name)) {
      texts.fill('', schema.at, table.at + 1);
      texts[schema.at] = replace({ name, isSource: after?.text !== '.' });
    } else if (before?.name === 'from' || before?.name === 'join') {
      throw unknownTable(name, known);
    }
  }
  return texts.join('');
}

/** The tables that a query reads rows from, each once. */
export function tablesIn(sql: string, known: KnownTables): string[] {
  const names = new Set<string>();
  rewriteTables(sql, known, ({ name, isSource }) => {
    if (isSource) names.add(name);
    return name;
  });
  return [...names];
}

/**
 * A query as Athena takes it: `silver.spend_x` becomes `"<prefix>silver"."spend_x"`, read as of the snapshot that
 * `snapshots` names for it, where it names one.
 */
export function athenaSql(sql: string, known: KnownTables, snapshots: ReadonlyMap<string, number>): string {
  return rewriteTables(sql, known, ({ name, isSource }) => {
    const { database = '', table = '' } = known.get(name) ?? {};
    const snapshot = isSource ? snapshots.get(name) : undefined;
    const version = snapshot === undefined ? '' : ` FOR VERSION AS OF ${snapshot}`;
    return `${identifier(database)}.${identifier(table)}${version}`;
  });
}

function unknownTable(name: string, known: KnownTables): ConfigError {
  const note = name.startsWith('ops.')
    ? " Of ops, Athena has the ledgers, one a dataset (ops.source_files_…): '--engine local' answers from all of ops."
    : '';
  return noTable(name, [...known.keys()], note);
}

function sqlError(message: string): ConfigError {
  return new ConfigError('SQL', message);
}
