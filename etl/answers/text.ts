import type { SqlValue } from '../engine/engine.ts';
import type { QueryAnswer } from '../query/answer.ts';
import { jsonValue } from '../query/json-value.ts';
import { csvCell } from './cell.ts';
import { pagesOf } from './rows.ts';

/** An answer as text, in blocks of whole lines. No block ends with a line end. */
export type Lines = AsyncGenerator<string>;

/** An answer as CSV with a header, all rows. */
export async function* csvLines(answer: QueryAnswer): Lines {
  yield answer.columns.map(({ name }) => csvCell(name)).join(',');
  for await (const rows of pagesOf(answer)) yield rows.map((row) => row.map(csvCell).join(',')).join('\n');
}

/** An answer as a JSON array with an object a row, one row a line, all rows. */
export async function* jsonLines(answer: QueryAnswer): Lines {
  const { rowCount } = answer;
  if (rowCount === 0) return yield '[]';
  yield '[';
  let n = 0;
  for await (const rows of pagesOf(answer)) {
    const texts = rows.map((row) => jsonRow(answer, row));
    n += rows.length;
    yield texts.join(',\n') + (n < rowCount ? ',' : '');
  }
  yield ']';
}

/** An answer as JSON Lines: an object a row, one row a line, all rows. */
export async function* jsonlLines(answer: QueryAnswer): Lines {
  for await (const rows of pagesOf(answer)) yield rows.map((row) => jsonRow(answer, row)).join('\n');
}

function jsonRow({ columns }: QueryAnswer, row: readonly SqlValue[]): string {
  const members = columns.map((column, at) => [column.name, jsonValue(row[at] ?? null, column)]);
  return JSON.stringify(Object.fromEntries(members));
}
