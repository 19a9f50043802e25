import type { NumberFormat } from '../contract/contract.ts';

/** Digits of an exponent that is written out; a number with a longer one is in no column's range. */
const MOST_DIGITS = 3;

/** A text whose exponent is written out, as `expandedSql` does it: `1.25E+1` → `12.5`; one without stays as it is. */
export function expanded(text: string, { decimal, minus = [] }: NumberFormat): string {
  const point = decimal === '.' ? '\\.' : ',';
  const around = `[^0-9${point}]*`;
  const mantissa = `(?:([0-9]+)(?:${point}([0-9]*))?|${point}([0-9]+))`;
  const power = `[eE]([+${minus.join('')}-]?)0*([0-9]{1,${MOST_DIGITS}})`;
  const found = new RegExp(`^(${around})${mantissa}${power}(${around})$`, 'u').exec(text);
  if (found === null) return text;
  const [, before = '', whole = '', behind = '', alone = '', sign = '', size = '', after = ''] = found;
  const fraction = behind + alone;
  const shift = (sign === '' || sign === '+' ? Number(size) : -Number(size)) - fraction.length;
  return before + shifted(whole + fraction, shift, decimal) + after;
}

function shifted(digits: string, shift: number, decimal: string): string {
  if (shift >= 0) return digits + '0'.repeat(shift);
  const padded = digits.padStart(1 - shift, '0');
  const decimals = padded.slice(shift).replace(/0+$/, '');
  return padded.slice(0, shift) + (decimals === '' ? '' : decimal + decimals);
}
