import type { QueryAnswer } from '../query/answer.ts';
import { cellText } from './cell.ts';
import { pagesOf } from './rows.ts';

/** A sheet: its name, and its rows of the answer, end-exclusive. */
export interface SheetRows {
  readonly name: string;
  readonly from: number;
  readonly to: number;
}

/** One sheet a month (`2024-03`) of an answer that is ordered by a column of dates; undefined where it has no rows. */
export async function monthSheets(answer: QueryAnswer, column: string): Promise<SheetRows[] | undefined> {
  const at = answer.columns.findIndex(({ name }) => name === column);
  const sheets: { name: string; from: number; to: number }[] = [];
  let n = 0;
  for await (const rows of pagesOf(answer))
    for (const row of rows) {
      const value = row[at];
      const name = value === undefined || value === null ? 'no month' : cellText(value).slice(0, 7);
      const last = sheets.at(-1);
      n += 1;
      if (last?.name === name) last.to = n;
      else sheets.push({ name, from: n - 1, to: n });
    }
  return sheets.length === 0 ? undefined : sheets;
}
