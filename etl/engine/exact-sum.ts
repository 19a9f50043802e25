import { type Engine, integerOf } from './engine.ts';

/** Decimals to add up: SQL of a value, its type, and the rows as they stand behind FROM. */
export interface Summands {
  readonly value: string;
  readonly precision: number;
  readonly scale: number;
  readonly from: string;
}

/** How to add up decimals: SQL of the argument of `sum(…)`; `read` decodes its result. */
export interface ExactSum {
  readonly summand: string;
  readonly read: (total: string) => string;
}

/** Digits that a sum of decimals keeps, and digits of values that no real number of rows overflows. */
const SUM_DIGITS = 38;
const SAFE_DIGITS = 27;

/**
 * A sum that can't overflow. DuckDB's sum of decimals has 38 digits: it is taken where the greatest value and the number
 * of rows fit, else the values are added up as integers of any size, which takes 80 times as long.
 */
export async function exactSum(
  engine: Engine,
  { value, precision, scale, from }: Summands,
): Promise<ExactSum> {
  const plain = { summand: value, read: (total: string) => total };
  if (precision <= SAFE_DIGITS) return plain;
  const [row = {}] = await engine.rows(
    `SELECT count(${value}) AS n, coalesce(CAST(max(abs(${value})) AS VARCHAR), '0') AS most FROM ${from}`,
  );
  const digits = String(row.most).replace('.', '').replace(/^0+/, '').length;
  if (digits + String(integerOf(row, 'n')).length < SUM_DIGITS) return plain;
  return {
    summand: `CAST(replace(CAST(${value} AS VARCHAR), '.', '') AS BIGNUM)`,
    read: (total) => decimalOf(total, scale),
  };
}

/** `-150` at scale 2 → `-1.50`. */
function decimalOf(unscaled: string, scale: number): string {
  if (scale === 0) return unscaled;
  const sign = unscaled.startsWith('-') ? '-' : '';
  const digits = unscaled.slice(sign.length).padStart(scale + 1, '0');
  return `${sign}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}
