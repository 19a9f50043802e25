import type { QueryAnswer } from '../query/answer.ts';
import { cellText } from './cell.ts';
import { pagesOf } from './rows.ts';

/** A sheet: its name, and its rows of the answer, end-exclusive. */
export interface SheetRows {
  readonly name: string;
  readonly from: number;
  readonly to: number;
}

/** How a workbook is cut into sheets. */
export interface SheetsWanted {
  /** What a sheet of all rows is called, as the file is. */
  readonly name: string;
  /** The column of dates, by which the answer is ordered, that gives each month a sheet of its own. */
  readonly sheetPerMonth?: string | undefined;
}

/** The sheets of an answer: one, or one a month (`2024-03`). */
export async function sheetsOf(
  answer: QueryAnswer,
  { name, sheetPerMonth }: SheetsWanted,
): Promise<readonly SheetRows[]> {
  const months = sheetPerMonth === undefined ? undefined : await monthSheets(answer, sheetPerMonth);
  return months ?? [{ name: sheetName(name), from: 0, to: answer.rowCount }];
}

/** What Excel takes as the name of a sheet: 31 characters, none of these, and no apostrophe at its ends. */
const sheetName = (name: string): string =>
  [...name.replaceAll(/[[\]:*?/\\]/g, '-')]
    .slice(0, 31)
    .join('')
    .replaceAll(/^'+|'+$/g, '') || 'answer';

async function monthSheets(answer: QueryAnswer, column: string): Promise<SheetRows[] | undefined> {
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
