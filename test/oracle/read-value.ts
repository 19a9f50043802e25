import type { ContractColumn, ReasonCode } from '../../etl/contract/contract.ts';
import { readDate } from './read-dates.ts';
import { type NumberText, readNumber } from './read-numbers.ts';
import { zoned } from './read-zones.ts';

/** A typed value: decimals as their unscaled integer, dates and times as text. */
export type Value = string | number | bigint | boolean;

/** What a column's text is: a value, or the code of why it is none. */
export type Reading =
  | { readonly kind: 'value'; readonly value: Value }
  | { readonly kind: 'fault'; readonly code: ReasonCode };

const fault = (code: ReasonCode): Reading => ({ kind: 'fault', code });
const found = (value: Value): Reading => ({ kind: 'value', value });

const TRUE = ['true', 'yes', 'y', 't', '1'];
const FALSE = ['false', 'no', 'n', 'f', '0'];

/** Reads a trimmed text that isn't NULL as a column's type; `zone` is the text of the zone that stands beside it. */
export function readValue(text: string, column: ContractColumn, zone: string | null = null): Reading {
  const { type, timezone } = column;
  switch (type.kind) {
    case 'string':
      return found(text);
    case 'boolean':
      if (TRUE.includes(text.toLowerCase())) return found(true);
      return FALSE.includes(text.toLowerCase()) ? found(false) : fault('TYPE_ERROR');
    case 'long':
      return readLong(text, column);
    case 'double':
      return readDouble(text, column);
    case 'decimal':
      return readDecimal(text, column, type);
    case 'date':
    case 'timestamptz': {
      const inZone = timezone === undefined ? undefined : (local: number) => zoned(local, timezone, zone);
      const reading = readDate(text, column.formats, type.kind === 'date' ? 'day' : 'time', inZone);
      if (reading.kind === 'value') return found(reading.text);
      if (reading.kind === 'fault') return reading;
      return fault(reading.kind === 'other' ? 'TYPE_ERROR' : 'RANGE_ERROR');
    }
    default:
      throw new Error(`the oracle knows no ${type.kind}`);
  }
}

function readLong(text: string, column: ContractColumn): Reading {
  const plain = readNumber(text, column.number, { point: false, exponent: false });
  const number = plain ?? withPower(text, column);
  if (number === undefined || number === 'too long' || number.decimals !== '') return fault('TYPE_ERROR');
  const value = BigInt(number.whole) * (number.negative ? -1n : 1n);
  return BigInt.asIntN(64, value) === value ? found(value) : fault('RANGE_ERROR');
}

/** A number with an exponent, its point moved by so many digits; exponents of more than three digits are read by nobody. */
function withPower(text: string, column: ContractColumn): NumberText | 'too long' | undefined {
  if (column.number.exponent !== true || !/[0-9.,][eE]/.test(text)) return undefined;
  const number = readNumber(text, column.number, { point: true, exponent: true });
  if (number === undefined) return undefined;
  const power = Number(number.exponent);
  if (Math.abs(power) > 999) return 'too long';
  const zeros = '0'.repeat(Math.abs(power));
  const [whole, decimals] =
    power < 0 ? [zeros + number.whole, number.decimals] : [number.whole, number.decimals + zeros];
  const at = whole.length + power;
  const all = whole + decimals;
  return {
    ...number,
    whole: all.slice(0, at) || '0',
    decimals: all.slice(at).replace(/0+$/, ''),
    exponent: '0',
  };
}

function readDouble(text: string, column: ContractColumn): Reading {
  const number = readNumber(text, column.number, { point: true, exponent: true });
  if (number === undefined) return fault('TYPE_ERROR');
  const value = Number(`${number.whole || '0'}.${number.decimals || '0'}e${number.exponent}`);
  return Number.isFinite(value) ? found(number.negative ? -value : value) : fault('RANGE_ERROR');
}

function readDecimal(
  text: string,
  column: ContractColumn,
  { precision, scale }: { readonly precision: number; readonly scale: number },
): Reading {
  const plain = readNumber(text, column.number, { point: true, exponent: false });
  const number = plain ?? withPower(text, column);
  if (number === undefined) return fault('TYPE_ERROR');
  if (number === 'too long') return fault('FORMAT_ERROR');
  const decimals = number.decimals.replace(/0+$/, '');
  if (decimals.length > scale) return fault('FORMAT_ERROR');
  const unscaled = BigInt(number.whole + decimals.padEnd(scale, '0'));
  if (String(unscaled).length > precision && unscaled !== 0n) return fault('RANGE_ERROR');
  return found(number.negative ? -unscaled : unscaled);
}
