import type { SqlValue } from '../../etl/engine/engine.ts';
import type { AnswerColumn } from '../../etl/query/answer.ts';

const INTEGER = /^U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?$/;
const NUMBER = /^(DECIMAL|DOUBLE|FLOAT)/;

/** Whether a column's values are numbers. */
export function isNumeric({ type }: AnswerColumn): boolean {
  return INTEGER.test(type) || NUMBER.test(type);
}

/**
 * A value in JSON: integers that JavaScript holds exactly are numbers, and greater ones text; decimals are text, so that
 * no reader rounds them; dates and times are text; a JSON column is what its text says.
 */
export function jsonValue(value: SqlValue, { type }: AnswerColumn): unknown {
  if (typeof value !== 'string') return value;
  if (type === 'JSON') return JSON.parse(value);
  return INTEGER.test(type) && Number.isSafeInteger(Number(value)) ? Number(value) : value;
}

/** A value as text; lists and structs as JSON, NULL as nothing. */
export function cellText(value: SqlValue): string {
  if (value === null) return '';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/** A value in CSV (RFC 4180): NULL is empty, and an empty text is `""`. */
export function csvCell(value: SqlValue): string {
  if (value === null) return '';
  const text = cellText(value);
  return text === '' || /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
