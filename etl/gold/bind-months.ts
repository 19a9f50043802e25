import { literal } from '../engine/sql.ts';
import { monthLabel } from '../naming/tables.ts';
import { CARRIED_TABLE, CARRY } from './carried.ts';
import type { MonthRange } from './months.ts';

/** Gold SQL with its window put in, `{{from_month}}` and `{{to_month}}`, and the table that `{{carry}}` stands for. */
export function bindMonths(sql: string, range: MonthRange): string {
  const first = (month: number): string => `DATE ${literal(`${monthLabel(month)}-01`)}`;
  return sql
    .replaceAll('{{from_month}}', first(range.from))
    .replaceAll('{{to_month}}', first(range.to))
    .replaceAll(CARRY, CARRIED_TABLE);
}
