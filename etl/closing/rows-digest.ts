import { createHash } from 'node:crypto';
import { SNAPSHOT_NAME } from '../contract/check-columns.ts';
import { type Engine, integerOf, textOf } from '../engine/engine.ts';
import { identifier } from '../engine/sql.ts';

/** Some rows, by their content. */
export interface RowsDigest {
  readonly digest: string;
  readonly rows: number;
}

/**
 * SHA-256 of rows of `from` (anything that stands behind FROM): of the columns' names as a JSON list, and of the sorted
 * SHA-256 of each row as a JSON list of its values as text, joined by line feeds. Same rows in another order, other files
 * or under another snapshot give the same.
 */
export async function rowsDigest(
  engine: Engine,
  from: string,
  columns: readonly string[],
): Promise<RowsDigest> {
  const values = columns.map((name) => `CAST(${identifier(name)} AS VARCHAR)`).join(', ');
  const [row = {}] = await engine.rows(
    `SELECT count(*) AS rows$, coalesce(string_agg(row$, chr(10) ORDER BY row$), '') AS hashes$
     FROM (SELECT sha256(CAST(to_json([${values}]) AS VARCHAR)) AS row$ FROM ${from})`,
  );
  const text = `${JSON.stringify(columns)}\n${textOf(row, 'hashes$')}`;
  return {
    digest: createHash('sha256').update(text).digest('hex'),
    rows: integerOf(row, 'rows$'),
  };
}

/** Names of the columns that `from` has, without that by which a row names its Silver snapshot. */
export async function figureColumns(engine: Engine, from: string): Promise<string[]> {
  const rows = await engine.rows(`SELECT column_name AS name FROM (DESCRIBE SELECT * FROM ${from})`);
  return rows.map((row) => textOf(row, 'name')).filter((name) => name !== SNAPSHOT_NAME);
}

/** A short name that follows from some parts. */
export function idOf(...parts: readonly (string | number)[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 16);
}
