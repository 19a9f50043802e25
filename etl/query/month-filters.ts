import type { ColumnFilter } from './table-page-filter.ts';

/** The condition that a date or a time is in a month (`YYYY-MM`) or after it. */
export const sinceMonth = (column: string, month: string): ColumnFilter => ({
  column,
  op: 'gte',
  values: [`${month}-01`],
});

/** The condition that a date or a time is in a month (`YYYY-MM`) or before it. */
export const untilMonth = (column: string, month: string): ColumnFilter => ({
  column,
  op: 'lt',
  values: [`${monthAfter(month)}-01`],
});

function monthAfter(month: string): string {
  const [year = 0, number = 0] = month.split('-').map(Number);
  const [nextYear, next] = number === 12 ? [year + 1, 1] : [year, number + 1];
  return `${String(nextYear).padStart(4, '0')}-${String(next).padStart(2, '0')}`;
}
