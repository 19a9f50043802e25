import { type Engine, textOf } from '../engine/engine.ts';
import { identifier, literal } from '../engine/sql.ts';

/** Quoted texts and names, in which nothing is a word of SQL. */
const QUOTED = /'(?:[^']|'')*'|"(?:[^"]|"")*"/g;

/**
 * Those of the columns that a text names without quotes though they are words of SQL, such as `at` and `order`: as they
 * are to be written.
 */
export async function columnsToQuote(
  engine: Engine,
  sql: string,
  columns: Iterable<string>,
): Promise<string[]> {
  const known = new Set([...columns].map((column) => column.toLowerCase()));
  const named = (
    sql
      .replace(QUOTED, ' ')
      .toLowerCase()
      .match(/[\p{L}_][\p{L}\p{N}_]*/gu) ?? []
  ).filter((word) => known.has(word));
  if (named.length === 0) return [];
  const words = [...new Set(named)].map(literal).join(', ');
  const rows = await engine.rows(
    `SELECT DISTINCT keyword_name AS word FROM duckdb_keywords()
     WHERE keyword_category IN ('reserved', 'type_function') AND keyword_name IN (${words}) ORDER BY word`,
  );
  return rows.map((row) => identifier(textOf(row, 'word')));
}
