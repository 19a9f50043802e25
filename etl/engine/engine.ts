import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { DataError, messageOf, TransientError } from '../errors.ts';
import type { EngineOptions } from '../ports.ts';
import { literal } from './sql.ts';

/** A value as DuckDB gives it in JSON form: numbers past 2^53, decimals, dates and timestamps are text. */
export type SqlValue = null | boolean | number | string | SqlValue[] | { [key: string]: SqlValue };
export type SqlRow = Record<string, SqlValue>;

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
  /** The columns of a query, all of them DOUBLE and without NULL. */
  numbers(sql: string): Promise<number[][]>;
  /** Adds rows to a table whose columns are BIGINT and VARCHAR, by position. */
  append(table: string, rows: Iterable<readonly (bigint | string)[]>): Promise<void>;
  /** Another connection to the same database, to run statements beside this one's: it has temporary tables of its own. */
  lane(): Promise<Engine>;
  /** Ends the database; on a lane, just the lane. */
  close(): void;
}

/** Opens a database whose memory, threads and spill folder are bounded; its time zone is UTC. */
export async function openEngine(options: EngineOptions, spillDirectory: string): Promise<Engine> {
  const instance = await DuckDBInstance.create(':memory:', {
    threads: String(options.threads),
    memory_limit: `${options.memoryLimitMb}MB`,
    temp_directory: spillDirectory,
  });
  return connect(instance, () => instance.closeSync());
}

async function connect(instance: DuckDBInstance, closed: () => void): Promise<Engine> {
  const connection = await instance.connect();
  await connection.run("SET TimeZone = 'UTC'");
  await connection.run('SET enable_progress_bar = false');
  return {
    run: (sql) => guard(sql, async () => void (await connection.run(sql))),
    rows: (sql) => guard(sql, async () => (await connection.runAndReadAll(sql)).getRowObjectsJson()),
    result: (sql) =>
      guard(sql, async () => {
        const reader = await connection.runAndReadAll(sql);
        const types = reader.columnTypes();
        const columns = reader.columnNames().map((name, n) => ({ name, type: String(types[n]) }));
        return { columns, rows: reader.getRowsJson() };
      }),
    integers: (sql) =>
      guard(sql, async () => {
        const [column = []] = (await connection.runAndReadAll(sql)).getColumns();
        return column.map(Number);
      }),
    numbers: (sql) =>
      guard(sql, async () => (await connection.runAndReadAll(sql)).getColumns() as number[][]),
    append: (table, rows) => guard(table, () => appendRows(connection, table, rows)),
    lane: () => guard('a lane', () => connect(instance, () => undefined)),
    close: () => {
      connection.closeSync();
      closed();
    },
  };
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
  spillDirectory: string,
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

async function guard<T>(sql: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const message = messageOf(error);
    const context = { statement: sql.slice(0, 200) };
    if (/No space left|Out of Memory|could not allocate|IO Error/i.test(message)) {
      throw new TransientError('ENGINE_RESOURCES', `DuckDB ran out of room: ${firstLine(message)}`, {
        cause: error,
        context,
      });
    }
    throw new DataError('ENGINE', `DuckDB refused a statement: ${message}`, { cause: error, context });
  }
}

/** Without DuckDB's advice on how to set it up otherwise. */
function firstLine(message: string): string {
  return message.split('\n', 1).join();
}

/** A count or other integer from a row; throws where the column holds none. */
export function integerOf(row: SqlRow, column: string): number {
  const value = Number(row[column] ?? Number.NaN);
  if (!Number.isSafeInteger(value))
    throw new DataError('ENGINE', `'${column}' is no integer: ${String(row[column])}`);
  return value;
}

/** A text from a row; throws where the column holds none. */
export function textOf(row: SqlRow, column: string): string {
  const value = row[column];
  if (typeof value !== 'string') throw new DataError('ENGINE', `'${column}' is no text: ${String(value)}`);
  return value;
}

/** A list of Parquet files as a table function, e.g. for FROM. */
export function readParquet(paths: readonly string[]): string {
  return `read_parquet([${paths.map(literal).join(', ')}], union_by_name = true, hive_partitioning = false)`;
}
