import { type Engine, integerOf, textOf } from '../engine/engine.ts';
import { identifier, literal } from '../engine/sql.ts';
import { FILE, ROW, SAMPLE_TABLE } from './sample-table.ts';

/** A file's last record where it holds one value alone. */
export interface LoneRecord {
  readonly file: number;
  readonly column: string;
  readonly value: string;
}

/** A number, with whatever signs around it. */
const NUMBER = '[^A-Za-z]*[0-9][^A-Za-z]*';

/**
 * Takes out of the sample each file's last record where it holds a number and nothing else, as a total does, and
 * returns them. Files of fewer than three columns have none.
 */
export async function takeLoneRecords(engine: Engine, columns: readonly string[]): Promise<LoneRecord[]> {
  if (columns.length < 3) return [];
  const names = columns.map(identifier);
  const filled = names.map((name) => `CAST(${name} IS NOT NULL AS INTEGER)`).join(' + ');
  const value = `coalesce(${names.join(', ')})`;
  const isLone = `(${filled}) = 1 AND regexp_full_match(${value}, ${literal(NUMBER)})
    AND (${FILE}, ${ROW}) IN (SELECT ${FILE}, max(${ROW}) FROM ${SAMPLE_TABLE} GROUP BY 1)`;
  const cases = columns.map((name) => `WHEN ${identifier(name)} IS NOT NULL THEN ${literal(name)}`).join(' ');
  const rows = await engine.rows(
    `SELECT ${FILE} AS file, CASE ${cases} END AS name, ${value} AS v FROM ${SAMPLE_TABLE} WHERE ${isLone} ORDER BY 1`,
  );
  if (rows.length > 0) await engine.run(`DELETE FROM ${SAMPLE_TABLE} WHERE ${isLone}`);
  return rows.map((row) => ({
    file: integerOf(row, 'file'),
    column: textOf(row, 'name'),
    value: textOf(row, 'v'),
  }));
}
