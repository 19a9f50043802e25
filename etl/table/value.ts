import { civilFromDays, daysFromCivil, monthOfDays } from './calendar.ts';
import type { ColumnType } from './schema.ts';

/**
 * A value of a primitive type: boolean as 0n or 1n, int, long, days since 1970, microseconds since 1970
 * and unscaled decimals as bigint; double as number; string; binary as bytes.
 */
export type Scalar = bigint | number | string | Uint8Array;

const DAY_US = 86_400_000_000n;
const INT_MAX = 2n ** 31n - 1n;
const LONG_MAX = 2n ** 63n - 1n;

const DOUBLE = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const DATE = /^(\d{4,7})-(\d\d)-(\d\d)( \(BC\))?$/;
const TIMESTAMP =
  /^(\d{4,7}-\d\d-\d\d(?: \(BC\))?)[ T](\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))?(?:Z|([+-])(\d\d)(?::(\d\d))?)$/;

/**
 * The value that DuckDB printed; undefined for what has no place among the ordered values (infinity, NaN),
 * is out of the type's range, or isn't of the type at all.
 */
export function parseScalar(text: string, type: ColumnType): Scalar | undefined {
  switch (type.kind) {
    case 'boolean':
      return parseBoolean(text);
    case 'int':
      return parseInteger(text, INT_MAX);
    case 'long':
      return parseInteger(text, LONG_MAX);
    case 'double': {
      const number = DOUBLE.test(text) ? Number(text) : Number.NaN;
      return Number.isFinite(number) ? number : undefined;
    }
    case 'date':
      return parseDate(text);
    case 'timestamptz':
      return parseTimestamp(text);
    case 'decimal':
      return parseDecimal(text, type.precision, type.scale);
    case 'string':
      return /\p{Surrogate}/u.test(text) ? undefined : text;
    case 'binary':
      return /^([0-9a-f]{2})*$/i.test(text) ? Buffer.from(text, 'hex') : undefined;
    case 'list':
    case 'struct':
      return undefined;
  }
}

function parseBoolean(text: string): bigint | undefined {
  // COPY's statistics say 0 and 1, everything else in DuckDB says false and true.
  if (text === 'true' || text === '1') return 1n;
  return text === 'false' || text === '0' ? 0n : undefined;
}

function parseInteger(text: string, max: bigint): bigint | undefined {
  return /^-?\d{1,19}$/.test(text) ? within(BigInt(text), max) : undefined;
}

function within(value: bigint, max: bigint): bigint | undefined {
  return value >= -max - 1n && value <= max ? value : undefined;
}

function parseDate(text: string): bigint | undefined {
  const [, year, month, day, bc] = DATE.exec(text) ?? [];
  if (year === undefined) return undefined;
  const date = { year: bc ? 1 - Number(year) : Number(year), month: Number(month), day: Number(day) };
  if (date.month < 1 || date.month > 12 || date.day < 1 || date.day > 31) return undefined;
  return within(BigInt(daysFromCivil(date)), INT_MAX);
}

function parseTimestamp(text: string): bigint | undefined {
  const [, date = '', hours, minutes, seconds, fraction = '', sign, ...offset] = TIMESTAMP.exec(text) ?? [];
  const days = parseDate(date);
  if (days === undefined) return undefined;
  const local = secondsOf([hours, minutes, seconds]);
  const utc = sign === '-' ? local + secondsOf(offset) : local - secondsOf(offset);
  const micros = BigInt(utc) * 1_000_000n + BigInt(fraction.padEnd(6, '0'));
  return within(days * DAY_US + micros, LONG_MAX);
}

/** Seconds of hours, minutes and seconds, each of which may be missing. */
function secondsOf([hours = '0', minutes = '0', seconds = '0']: readonly (string | undefined)[]): number {
  return Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
}

function parseDecimal(text: string, precision: number, scale: number): bigint | undefined {
  const [, sign = '', whole = '', fraction = ''] = /^(-?)(\d*)(?:\.(\d*))?$/.exec(text) ?? [];
  if (whole + fraction === '' || fraction.length > scale) return undefined;
  const unscaled = BigInt(`${sign}${whole}${fraction.padEnd(scale, '0')}`);
  const limit = 10n ** BigInt(precision);
  return unscaled > -limit && unscaled < limit ? unscaled : undefined;
}

/** The value as text that DuckDB casts back to the same value; the inverse of `parseScalar`. */
export function printScalar(value: Scalar, type: ColumnType): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return printDouble(value);
  if (typeof value !== 'bigint') return Buffer.from(value).toString('hex').toUpperCase();
  switch (type.kind) {
    case 'boolean':
      return value === 0n ? 'false' : 'true';
    case 'date':
      return printDate(Number(value));
    case 'timestamptz':
      return printTimestamp(value);
    case 'decimal':
      return printDecimal(value, type.scale);
    default:
      return value.toString();
  }
}

function printDouble(value: number): string {
  if (Object.is(value, -0)) return '-0.0';
  return Number.isInteger(value) && Math.abs(value) < 1e16 ? `${value}.0` : String(value);
}

function printDate(days: number): string {
  const { year, month, day } = civilFromDays(days);
  const shown = String(year > 0 ? year : 1 - year).padStart(4, '0');
  return `${shown}-${two(month)}-${two(day)}${year > 0 ? '' : ' (BC)'}`;
}

function printTimestamp(micros: bigint): string {
  const days = floorDivide(micros, DAY_US);
  const rest = Number(micros - days * DAY_US);
  const seconds = Math.floor(rest / 1_000_000);
  const fraction = String(rest % 1_000_000)
    .padStart(6, '0')
    .replace(/0+$/, '');
  const time = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60].map(two).join(':');
  return `${printDate(Number(days))} ${time}${fraction === '' ? '' : `.${fraction}`}+00`;
}

function printDecimal(unscaled: bigint, scale: number): string {
  const digits = (unscaled < 0n ? -unscaled : unscaled).toString().padStart(scale + 1, '0');
  const point = digits.length - scale;
  const sign = unscaled < 0n ? '-' : '';
  return `${sign}${digits.slice(0, point)}${scale === 0 ? '' : `.${digits.slice(point)}`}`;
}

function two(number: number): string {
  return String(number).padStart(2, '0');
}

function floorDivide(value: bigint, by: bigint): bigint {
  const quotient = value / by;
  return value < 0n && quotient * by !== value ? quotient - 1n : quotient;
}

/** Negative, zero or positive as DuckDB and Iceberg order two values of one type: text by code point, bytes unsigned. */
export function compareScalars(a: Scalar, b: Scalar): number {
  if (typeof a === 'string' && typeof b === 'string') {
    // UTF-8 bytes order as code points do; JavaScript's own order is by UTF-16 unit.
    return Buffer.compare(Buffer.from(a), Buffer.from(b));
  }
  if (a instanceof Uint8Array && b instanceof Uint8Array) return Buffer.compare(a, b);
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Months since 1970-01 of a date or timestamptz as DuckDB prints it; undefined where it has none. */
export function monthOf(text: string, type: ColumnType): number | undefined {
  const value = parseScalar(text, type);
  if (typeof value !== 'bigint') return undefined;
  if (type.kind === 'date') return monthOfDays(Number(value));
  return type.kind === 'timestamptz' ? monthOfDays(Number(floorDivide(value, DAY_US))) : undefined;
}
