import type { DuckDBConnection } from '@duckdb/node-api';
import { ConfigError, DataError } from '../errors.ts';
import type { EngineOptions } from '../ports.ts';
import { type Database, ownDatabase } from './database.ts';
import { engineError } from './engine-error.ts';
import { takeKept } from './kept-database.ts';
import { readNumbers } from './read-numbers.ts';
import { literal } from './sql.ts';
import type { TextFunction } from './text-function.ts';

/** A value as DuckDB gives it in JSON form: numbers past 2^53, decimals, dates and timestamps are text. */
export type SqlValue = null | boolean | number | string | SqlValue[] | { [key: string]: SqlValue };
export type SqlRow = Record<string, SqlValue>;

/** A value of a plain type as JavaScript has it. */
export type PlainValue = string | number | boolean | null;

/** A query's result. */
export interface SqlResult {
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  readonly rows: readonly SqlValue[][];
}

/** One DuckDB database in memory, spilling to scratch space past its limit. */
export interface Engine {
  /** Runs a statement for its effect. */
  run(sql: string): Promise<void>;
  /** Runs a query; one object a row. */
  rows(sql: string): Promise<SqlRow[]>;
  /** Runs a query; its columns with DuckDB's types, and its rows. */
  result(sql: string): Promise<SqlResult>;
  /** The integers of a query's only column, none of them NULL or past 2^53. */
  integers(sql: string): Promise<number[]>;
  /** The texts of a query's only column, none of them NULL. */
  texts(sql: string): Promise<string[]>;
  /** The numbers of a query's only column, DOUBLE and without NULL. */
  numbers(sql: string): Promise<Float64Array>;
  /** The columns of a query, each of them VARCHAR, INTEGER, DOUBLE or BOOLEAN; NULL is null. */
  values(sql: string): Promise<PlainValue[][]>;
  /** Adds rows to a table whose columns are BIGINT and VARCHAR, by position. */
  append(table: string, rows: Iterable<readonly (bigint | string)[]>): Promise<void>;
  /** How many statements a text holds, none of which is run; throws where it is no SQL. */
  countStatements(sql: string): Promise<number>;
  /**
   * Makes a function of one text, which all lanes have from now on. It must throw nothing that has a value in its message,
   * and leave a text without the `mark` as it is, where one is given.
   */
  define(name: string, of: TextFunction, mark?: string): Promise<void>;
  /**
   * For functions that learn: called after a statement, it lets them `prepare`, which says whether they know more now, and
   * returns whether the statement is to be run again. In a process apart they know nothing at first.
   */
  catchUp(prepare: () => Promise<boolean>): Promise<boolean>;
  /** Whether it has the function `assay_row_hash` of Assay's native part. */
  readonly hasRowHash: boolean;
  /** The same connection; its errors name the statement: `Gold SQL of spend.totals`. */
  naming(role: string): Engine;
  /** Another connection to the same database, to run statements beside this one's: it has temporary tables of its own. */
  lane(): Promise<Engine>;
  /** Stops what runs on this connection, and lets nothing more run: ConfigError QUERY_STOPPED for whoever waits. */
  stop(): void;
  /** Ends the database; on a lane, just the lane. */
  close(): void;
}

/** The default name of a statement in errors. */
const SOME_STATEMENT = 'a statement of Assay';

/**
 * Opens a database whose memory, threads and files are bounded; its time zone is UTC. Whatever SQL gets into it reads and
 * writes files in its scratch folder (the one that holds the spill folder) and in `options.folders` alone, loads no
 * extension (but for Assay's native part, before anything else) and changes no setting. Without a spill folder it has no files at all. Where the options keep a database for
 * one stage after another, the engine is on that one, empty, and its scratch folder is the whole run's.
 */
export async function openEngine(options: EngineOptions, spillDirectory?: string): Promise<Engine> {
  const database = (await takeKept(options, spillDirectory)) ?? (await ownDatabase(options, spillDirectory));
  const connection = await database.connect();
  const state = { isStopped: false };
  const link = { database, connection, closed: () => database.release(!state.isStopped), state };
  return engineOn(link, SOME_STATEMENT);
}

/** A connection, and what ends it. */
interface Link {
  readonly database: Database;
  readonly connection: DuckDBConnection;
  readonly closed: () => void;
  /** Shared by all that name the connection. */
  readonly state: { isStopped: boolean };
}

function engineOn(link: Link, role: string): Engine {
  const { database, connection, state } = link;
  const guard = <T>(work: () => Promise<T>): Promise<T> => guarded(role, state, work);
  return {
    run: (sql) => guard(async () => void (await connection.run(sql))),
    rows: (sql) => guard(async () => (await connection.runAndReadAll(sql)).getRowObjectsJson()),
    result: (sql) =>
      guard(async () => {
        const reader = await connection.runAndReadAll(sql);
        const types = reader.columnTypes();
        const columns = reader.columnNames().map((name, n) => ({ name, type: String(types[n]) }));
        return { columns, rows: reader.getRowsJson() };
      }),
    integers: (sql) =>
      guard(async () => {
        const [column = []] = (await connection.runAndReadAll(sql)).getColumns();
        return column.map(Number);
      }),
    texts: (sql) =>
      guard(async () => {
        const [column = []] = (await connection.runAndReadAll(sql)).getColumns();
        return column.map(String);
      }),
    numbers: (sql) => guard(async () => await readNumbers(connection, sql)),
    values: (sql) => guard(async () => (await connection.runAndReadAll(sql)).getColumns() as PlainValue[][]),
    append: (table, rows) => guard(() => appendRows(connection, table, rows)),
    countStatements: (sql) => guard(async () => (await connection.extractStatements(sql)).count),
    define: (name, of) =>
      guard(async () => {
        const { textFunction } = await import('./text-function.ts');
        database.spoil();
        connection.registerScalarFunction(textFunction(name, of));
      }),
    catchUp: (prepare) => prepare(),
    hasRowHash: database.hasRowHash,
    naming: (other) => engineOn(link, other),
    lane: () =>
      guard(async () =>
        engineOn(
          {
            database,
            connection: await database.connect(),
            closed: () => undefined,
            state: { isStopped: false },
          },
          role,
        ),
      ),
    stop: () => {
      state.isStopped = true;
      connection.interrupt();
    },
    close: () => {
      connection.closeSync();
      link.closed();
    },
  };
}

async function guarded<T>(role: string, state: Link['state'], work: () => Promise<T>): Promise<T> {
  const stopped = (): ConfigError => new ConfigError('QUERY_STOPPED', 'The query was stopped.');
  if (state.isStopped) throw stopped();
  try {
    return await work();
  } catch (error) {
    throw state.isStopped ? stopped() : engineError(error, role);
  }
}

async function appendRows(
  connection: DuckDBConnection,
  table: string,
  rows: Iterable<readonly (bigint | string)[]>,
): Promise<void> {
  const appender = await connection.createAppender(table);
  for (const row of rows) {
    for (const value of row) {
      if (typeof value === 'bigint') appender.appendBigInt(value);
      else appender.appendVarchar(value);
    }
    appender.endRow();
  }
  appender.closeSync();
}

/** Runs work with an engine of its own and closes it, whatever happens. */
export async function withEngine<T>(
  options: EngineOptions,
  spillDirectory: string | undefined,
  work: (engine: Engine) => Promise<T>,
): Promise<T> {
  const engine = await openEngine(options, spillDirectory);
  try {
    return await work(engine);
  } finally {
    engine.close();
  }
}

/** Runs work with some lanes of an engine and closes them, whatever happens. */
export async function withLanes<T>(
  engine: Engine,
  count: number,
  work: (lanes: readonly Engine[]) => Promise<T>,
): Promise<T> {
  const lanes: Engine[] = [];
  try {
    while (lanes.length < count) lanes.push(await engine.lane());
    return await work(lanes);
  } finally {
    for (const lane of lanes) lane.close();
  }
}

/** A count or other integer from a row; throws where the column holds none. */
export function integerOf(row: SqlRow, column: string): number {
  const value = Number(row[column] ?? Number.NaN);
  if (!Number.isSafeInteger(value)) throw new DataError('ENGINE', `'${column}' is no integer.`);
  return value;
}

/** A text from a row; throws where the column holds none. */
export function textOf(row: SqlRow, column: string): string {
  const value = row[column];
  if (typeof value !== 'string') throw new DataError('ENGINE', `'${column}' is no text.`);
  return value;
}

/** A list of Parquet files as a table function, e.g. for FROM. */
export function readParquet(paths: readonly string[]): string {
  return `read_parquet([${paths.map(literal).join(', ')}], union_by_name = true, hive_partitioning = false)`;
}
