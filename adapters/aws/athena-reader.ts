import type { Contract } from '../../etl/contract/contract.ts';
import { identifier } from '../../etl/engine/sql.ts';
import { ConfigError } from '../../etl/errors.ts';
import { tablesOf } from '../../etl/query/lake-tables.ts';
import { isHiddenFrom, maskSql, mayRead, type Reader } from '../../etl/query/reader.ts';
import { type KnownTables, piecesOf, rewriteTables } from './athena-sql.ts';
import { queryName } from './athena-tables.ts';

/** Somebody else's question, and what is known of the tables. */
export interface ReaderQuestion {
  readonly reader: Reader;
  readonly contracts: readonly Contract[];
  /** Every table. */
  readonly known: KnownTables;
  /** What the names of the Glue databases begin with. */
  readonly databasePrefix: string;
  /** The snapshot that is read of a table, where it isn't the current one. */
  readonly snapshots: ReadonlyMap<string, number>;
}

/** The tables that are there for a reader. A dataset's ledger is there for who may read `ops.source_files`. */
export function tablesOfReader(known: KnownTables, reader: Reader): KnownTables {
  const isThere = (name: string): boolean =>
    mayRead(reader, name.startsWith('ops.source_files_') ? 'ops.source_files' : name);
  return new Map([...known].filter(([name]) => isThere(name)));
}

/**
 * The text without comments, which Athena may end elsewhere than we do. Throws ConfigError `SQL` where it names what only
 * the service may: a database by its own name, Athena's own tables, or a table's metadata. No name can be written in a
 * way that hides it here and not there: names have neither escapes nor parts that are computed.
 */
export function guardedSql(sql: string, databasePrefix: string): string {
  const pieces = piecesOf(sql);
  for (const { kind, text, name = '' } of pieces) {
    if (name.includes(databasePrefix) || name.includes('$') || OF_ATHENA.has(name))
      throw refused(`names ${text}, which can't be read here: name tables as silver.…, gold.…`);
    if (kind === 'mark' && text === '`') throw refused('has backticks: write names in double quotes');
    if (kind === 'mark' && (text === "'" || text === '"')) throw refused(`has a ${text} that never ends`);
  }
  return pieces.map(({ text }) => (/^(--|\/\*)/.test(text) ? ' ' : text)).join('');
}

const OF_ATHENA: ReadonlySet<string> = new Set(['information_schema', 'awsdatacatalog', 'system', 'jmx']);

/**
 * A query as Athena takes it from somebody whose rights are not the service's: a table with columns that they may not see
 * is a view within the query that masks them. The tables must be among those of the reader, and the text guarded.
 */
export function athenaReaderSql(sql: string, question: ReaderQuestion): string {
  const { known, snapshots } = question;
  const masked = maskedTables(question);
  const views = new Map<string, string>();
  const text = rewriteTables(sql, known, ({ name, isSource }) => {
    const { database = '', table = '' } = known.get(name) ?? {};
    const snapshot = snapshots.get(name);
    const version = snapshot === undefined ? '' : ` FOR VERSION AS OF ${snapshot}`;
    const source = `${identifier(database)}.${identifier(table)}`;
    const columns = masked.get(name);
    if (columns === undefined) return isSource ? source + version : source;
    const view = identifier(`masked ${name}`);
    if (isSource) views.set(view, `${view} AS (SELECT ${columns} FROM ${source}${version})`);
    return view;
  });
  return views.size === 0 ? text : withViews(text, [...views.values()]);
}

/** Columns of each table that has some which the reader may not see. */
function maskedTables({ contracts, reader }: ReaderQuestion): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const { name, layer, contract, columns } of contracts.flatMap((contract) => tablesOf(contract))) {
    const isHidden = (column: string): boolean => isHiddenFrom(reader, contract, { layer, column });
    if (!columns.some((column) => isHidden(column.name))) continue;
    const shown = columns.map(({ name: column }) => {
      const value = identifier(column);
      return isHidden(column) ? `${maskSql(value)} AS ${value}` : value;
    });
    found.set(queryName(name), shown.join(', '));
  }
  return found;
}

/** Puts views before those that a query may have itself. */
function withViews(sql: string, views: readonly string[]): string {
  const pieces = piecesOf(sql);
  const first = pieces.findIndex(({ kind }) => kind !== 'space');
  const start = (at: number): string =>
    pieces
      .slice(at)
      .map(({ text }) => text)
      .join('');
  if (pieces[first]?.name !== 'with') return `WITH ${views.join(',\n')}\n${start(0)}`;
  const next = pieces.findIndex(({ kind }, at) => at > first && kind !== 'space');
  const isRecursive = pieces[next]?.name === 'recursive';
  return `WITH ${isRecursive ? 'RECURSIVE ' : ''}${views.join(',\n')},\n${start(isRecursive ? next + 1 : first + 1)}`;
}

const refused = (what: string): ConfigError => new ConfigError('SQL', `The SQL ${what}.`);
