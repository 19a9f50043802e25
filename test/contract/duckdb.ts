import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';

/** One row, its values as DuckDB prints them. */
export type Row = Readonly<Record<string, string>>;

/** An empty database for a test; its session is not in UTC on purpose: nothing may depend on that. */
export async function openDatabase(): Promise<DuckDBConnection> {
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  await connection.run("SET TimeZone = 'Pacific/Auckland'");
  await connection.run('CREATE SCHEMA silver');
  return connection;
}

/** A query's rows with every value as text. */
export async function rowsOf(connection: DuckDBConnection, sql: string): Promise<Row[]> {
  const reader = await connection.runAndReadAll(`SELECT COLUMNS(*)::VARCHAR FROM (${sql}\n)`);
  return reader.getRowObjectsJson() as Row[];
}

/** A Gold SQL text for the months `from` to `to`, each `YYYY-MM`. */
export function forMonths(sql: string, from: string, to: string): string {
  return sql.replaceAll('{{from_month}}', `DATE '${from}-01'`).replaceAll('{{to_month}}', `DATE '${to}-01'`);
}
