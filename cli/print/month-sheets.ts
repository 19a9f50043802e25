import type { QueryAnswer } from '../../etl/query/answer.ts';
import { cellText } from './cell.ts';

/** A sheet: its name, and the rows of the answer that it holds; `to` is not among them. */
export interface SheetRows {
  readonly name: string;
  readonly from: number;
  readonly to: number;
}

const PAGE_ROWS = 5000;

/** One sheet a month (`2024-03`) of an answer that is ordered by a column of dates; undefined where it has no rows. */
export async function monthSheets(answer: QueryAnswer, column: string): Promise<SheetRows[] | undefined> {
  const at = answer.columns.findIndex(({ name }) => name === column);
  const sheets: { name: string; from: number; to: number }[] = [];
  for (let from = 0; from < answer.rowCount; from += PAGE_ROWS) {
    for (const [n, row] of (await answer.rows(from, from + PAGE_ROWS)).entries()) {
      const value = row[at];
      const name = value === undefined || value === null ? 'no month' : cellText(value).slice(0, 7);
      const last = sheets.at(-1);
      if (last?.name === name) last.to = from + n + 1;
      else sheets.push({ name, from: from + n, to: from + n + 1 });
    }
  }
  return sheets.length === 0 ? undefined : sheets;
}
