import type { SqlValue } from '../engine/engine.ts';
import type { AnswerColumn } from '../query/answer.ts';
import { isInteger } from '../query/json-value.ts';

const NUMBER = /^(DECIMAL|DOUBLE|FLOAT)/;

/** Whether a column's values are numbers. */
export function isNumeric({ type }: AnswerColumn): boolean {
  return isInteger(type) || NUMBER.test(type);
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
