import type { ColumnType } from '../table/schema.ts';
import { describe } from './fields.ts';

/** A contract's value as the canonical text of a column's type, or what is wrong with it. */
export type CanonicalResult =
  | { readonly kind: 'value'; readonly text: string }
  | { readonly kind: 'wrong'; readonly message: string };

const DATE = /^\d{4}-\d{2}-\d{2}$/;
const TIMESTAMP = /^(\d{4}-\d{2}-\d{2})(?:T(\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?)(Z|[+-]\d{2}:\d{2})?)?$/;

/** Reads a bound or a valid value from YAML: `12.50`, `2024-01-31`, `2024-01-31T00:00:00.000Z`, `true`. */
export function canonicalValue(type: ColumnType, value: unknown): CanonicalResult {
  switch (type.kind) {
    case 'long':
      return number(value, 0);
    case 'decimal':
      return number(value, type.scale);
    case 'double':
      return number(value, Number.POSITIVE_INFINITY);
    case 'date':
      return typeof value === 'string' && DATE.test(value) && isDay(value)
        ? { kind: 'value', text: value }
        : wrong(value, 'a date such as 2024-01-31');
    case 'timestamptz':
      return timestamp(value);
    case 'boolean':
      return typeof value === 'boolean' || value === 'true' || value === 'false'
        ? { kind: 'value', text: String(value) }
        : wrong(value, 'true or false');
    default:
      return typeof value === 'string' && !value.includes('\0')
        ? { kind: 'value', text: value }
        : wrong(value, quoted(value));
  }
}

function quoted(value: unknown): string {
  return typeof value === 'number' || typeof value === 'boolean' ? `it in quotes: '${value}'` : 'a text';
}

const wrong = (value: unknown, what: string): CanonicalResult => ({
  kind: 'wrong',
  message: `is ${describe(value)}; write ${what}`,
});

const NUMBER = /^(-?)0*(\d+)(?:\.(\d+?)0*)?$/;

/** With exactly `scale` decimals where it is finite, as DECIMAL(p,scale) prints. */
function number(value: unknown, scale: number): CanonicalResult {
  const text = typeof value === 'number' || typeof value === 'string' ? String(value) : '';
  if (typeof value === 'number' && Math.abs(value) > Number.MAX_SAFE_INTEGER) {
    return { kind: 'wrong', message: 'has more digits than YAML numbers keep; write it in quotes' };
  }
  const [, minus = '', whole, some = ''] = NUMBER.exec(text) ?? [];
  const fraction = some === '0' ? '' : some;
  if (whole === undefined)
    return wrong(value, scale === 0 ? 'a whole number' : 'a plain number such as 12.50');
  if (fraction.length > scale) {
    return wrong(value, scale === 0 ? 'a whole number' : `at most ${scale} decimals, as the column has`);
  }
  const decimals = Number.isFinite(scale) ? fraction.padEnd(scale, '0') : fraction;
  const digits = decimals === '' ? whole : `${whole}.${decimals}`;
  return { kind: 'value', text: /[1-9]/.test(digits) ? `${minus}${digits}` : digits };
}

function timestamp(value: unknown): CanonicalResult {
  const [, day = '', time = '00:00', zone = 'Z'] = (typeof value === 'string' && TIMESTAMP.exec(value)) || [];
  const instant = new Date(`${day}T${time}${zone}`);
  return day !== '' && isDay(day) && !Number.isNaN(instant.getTime())
    ? { kind: 'value', text: instant.toISOString() }
    : wrong(value, 'a time such as 2024-01-31T00:00:00Z');
}

function isDay(text: string): boolean {
  const day = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(day.getTime()) && day.toISOString().startsWith(text);
}
