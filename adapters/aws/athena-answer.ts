import type { ColumnInfo } from '@aws-sdk/client-athena';
import { type Engine, integerOf } from '../../etl/engine/engine.ts';
import { identifier, literal } from '../../etl/engine/sql.ts';
import type { Scratch } from '../../etl/ports.ts';
import { answerOf, type QueryAnswer } from '../../etl/query/answer.ts';
import type { AthenaRow } from './athena-query.ts';

/** Rows on their way into an answer. */
export interface IncomingRows {
  readonly columns: readonly Pick<ColumnInfo, 'Name' | 'Type' | 'Precision' | 'Scale'>[];
  pages(): AsyncIterable<readonly AthenaRow[]>;
}

/** Types of Athena that DuckDB has under another name; what is in neither list stays the text that Athena gives. */
const TYPES: Readonly<Record<string, string>> = {
  boolean: 'BOOLEAN',
  tinyint: 'TINYINT',
  smallint: 'SMALLINT',
  integer: 'INTEGER',
  int: 'INTEGER',
  bigint: 'BIGINT',
  double: 'DOUBLE',
  float: 'FLOAT',
  real: 'FLOAT',
  date: 'DATE',
  timestamp: 'TIMESTAMP',
  'timestamp with time zone': 'TIMESTAMPTZ',
  json: 'JSON',
};
const MOST_DIGITS = 38;
const PAGES = 'athena_pages';

/**
 * Athena's answer with DuckDB's types, so that it prints as an embedded one does. Its pages go to the disk as they
 * come. Of a value that isn't what its column's type says, the whole column stays text: nothing is lost or rounded.
 */
export async function loadAnswer(
  engine: Engine,
  scratch: Scratch,
  { columns, pages }: IncomingRows,
): Promise<QueryAnswer> {
  const names = columns.map((_, n) => `c${n}`);
  const file = await scratch.create('answer.ndjson');
  for await (const rows of pages()) await file.write(Buffer.from(rows.map(lineOf).join('')));
  await file.close();
  const typed = names.map((name) => `${name}: 'VARCHAR'`).join(', ');
  await engine.run(
    `CREATE TEMP TABLE ${PAGES} AS FROM read_json(${literal(file.path)}, format = 'newline_delimited', columns = {${typed}})`,
  );
  const selects: string[] = [];
  const seen = new Map<string, number>();
  for (const [n, column] of columns.entries()) {
    const type = await typeOf(engine, names[n] ?? '', column);
    // A table's columns differ, an answer's need not.
    const name = column.Name ?? '';
    const before = seen.get(name.toLowerCase()) ?? 0;
    seen.set(name.toLowerCase(), before + 1);
    selects.push(`CAST(${names[n]} AS ${type}) AS ${identifier(before === 0 ? name : `${name}_${before}`)}`);
  }
  return await answerOf(engine, `SELECT ${selects.join(', ')} FROM ${PAGES} ORDER BY rowid`);
}

function lineOf(row: AthenaRow): string {
  return `${JSON.stringify(Object.fromEntries(row.map((value, n) => [`c${n}`, value])))}\n`;
}

async function typeOf(
  engine: Engine,
  name: string,
  { Type = '', Scale = 0 }: IncomingRows['columns'][number],
): Promise<string> {
  const type = Type === 'decimal' ? await decimalType(engine, name, Scale) : TYPES[Type];
  if (type === undefined) return 'VARCHAR';
  const [row = {}] = await engine.rows(
    `SELECT count(*) AS strange FROM ${PAGES} WHERE ${name} IS NOT NULL AND TRY_CAST(${name} AS ${type}) IS NULL`,
  );
  return integerOf(row, 'strange') === 0 ? type : 'VARCHAR';
}

/** With as many places as the values have, whatever was declared. */
async function decimalType(engine: Engine, name: string, scale: number): Promise<string> {
  const [row = {}] = await engine.rows(
    `SELECT coalesce(max(length(split_part(${name}, '.', 2))), 0) AS places FROM ${PAGES}`,
  );
  return `DECIMAL(${MOST_DIGITS},${Math.min(MOST_DIGITS, Math.max(scale, integerOf(row, 'places')))})`;
}
