import { literal } from '../engine/sql.ts';
import { escapeShape } from './compile-dates.ts';
import type { NumberFormat } from './contract.ts';

/** Digits of an exponent that is written out; a number with a longer one is in no column's range. */
const MOST_DIGITS = 3;

/** Digits with an exponent; `point` and `sign` are shapes. They have no groups. */
export function exponentShape(point: string, sign: string): string {
  return `([0-9]+(${point}[0-9]*)?|${point}[0-9]+)[eE]${sign}?[0-9]+`;
}

/**
 * SQL of a text whose exponent is written out: `1.25E+1` → `12.5`, with whatever stood around it, and without zeros at the
 * end of the decimals. A text without an exponent stays as it is; one whose exponent is longer than three digits does, too.
 * Done on the text, since a cast would round to the column's scale.
 */
export function expandedSql(text: string, { decimal, minus = [] }: NumberFormat): string {
  const point = escapeShape(decimal);
  const around = `[^0-9${point}]*`;
  const mantissa = `(?:([0-9]+)(?:${point}([0-9]*))?|${point}([0-9]+))`;
  const power = `[eE]([+${minus.join('')}-]?)0*([0-9]{1,${MOST_DIGITS}})`;
  const shape = literal(`^(${around})${mantissa}${power}(${around})$`);
  const group = (n: number): string => `regexp_extract(${text}, ${shape}, ${n})`;
  const fraction = `(${group(3)} || ${group(4)})`;
  const digits = `(${group(2)} || ${fraction})`;
  const size = `CAST(${group(6)} AS INTEGER)`;
  const shift = `(CASE WHEN ${group(5)} = '' OR ${group(5)} = '+' THEN ${size} ELSE -${size} END - length(${fraction}))`;
  const padded = `lpad(${digits}, greatest(length(${digits}), 1 - ${shift})::INTEGER, '0')`;
  const whole = `left(${padded}, length(${padded}) + ${shift})`;
  const decimals = `rtrim(right(${padded}, -${shift}), '0')`;
  const small = `${whole} || CASE WHEN ${decimals} = '' THEN '' ELSE ${literal(decimal)} || ${decimals} END`;
  const shifted = `CASE WHEN ${shift} >= 0 THEN ${digits} || repeat('0', ${shift}) ELSE ${small} END`;
  return `CASE WHEN regexp_matches(${text}, ${shape}) THEN ${group(1)} || (${shifted}) || ${group(7)} ELSE ${text} END`;
}
