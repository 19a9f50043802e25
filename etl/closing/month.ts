import { identifier, literal } from '../engine/sql.ts';
import { monthIndexSql } from '../engine/write-data-files.ts';

/** `2010-01` → 480. */
export function monthIndex(label: string): number {
  const [year = 0, month = 1] = label.split('-').map(Number);
  return (year - 1970) * 12 + month - 1;
}

/** When a month (UTC) is over, in milliseconds. */
export const endOfMonthMs = (label: string): number => {
  const [year = 0, month = 1] = label.split('-').map(Number);
  return Date.UTC(year, month, 1);
};

/** Whether a row is of one of some months, in SQL. */
export function inMonthsSql(partitionColumn: string, months: readonly string[]): string {
  const indexes = months.map(monthIndex).join(', ');
  return months.length === 0 ? 'false' : `${monthIndexSql(identifier(partitionColumn))} IN (${indexes})`;
}

/** The first day of a month as a literal. */
export const firstDaySql = (label: string): string => `DATE ${literal(`${label}-01`)}`;
