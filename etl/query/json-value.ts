import type { SqlValue } from '../engine/engine.ts';
import type { AnswerColumn } from './answer.ts';

const INTEGER = /^U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?$/;

/** Whether a type of DuckDB's is one of whole numbers. */
export const isInteger = (type: string): boolean => INTEGER.test(type);

/**
 * A value in JSON: integers that JavaScript holds exactly are numbers, and greater ones text; decimals are text, so that
 * no reader rounds them; dates and times are text; a JSON column is what its text says.
 */
export function jsonValue(value: SqlValue, { type }: AnswerColumn): unknown {
  if (typeof value !== 'string') return value;
  if (type === 'JSON') return JSON.parse(value);
  return isInteger(type) && Number.isSafeInteger(Number(value)) ? Number(value) : value;
}
