import { identifier, literal } from '../engine/sql.ts';
import { ConfigError } from '../errors.ts';
import { type FilterOp, opsOf, type ValueKind, valueKind } from './table-page-type.ts';

/** A condition that rows of a page meet; values are text in the column's own spelling. */
export interface ColumnFilter {
  readonly column: string;
  readonly op: FilterOp;
  /** Several for `in`, `true` or `false` for `isNull`. */
  readonly values: readonly string[];
}

/** A column as a page shows it. */
export interface PageColumn {
  readonly name: string;
  /** As DuckDB calls it. */
  readonly type: string;
  /** Whether its values are not shown to the reader. */
  readonly isHidden: boolean;
}

/** A list of values may have so many. */
const MOST_VALUES = 1000;

/** More than any value of a number, a date or a time has. */
const MOST_DIGITS = 100;

/** SQL of a condition. Throws ConfigError `FILTER` for what can't be asked of the column, or is no value of its type. */
export function filterSql({ op, values }: ColumnFilter, column: PageColumn): string {
  const name = identifier(column.name);
  const kind = valueKind(column.type);
  const given = values.map((value) => ({ op, value, column }));
  const [first = { op, value: '', column }] = given;
  if (column.isHidden && op !== 'isNull')
    throw filterError(column, 'can only be asked for isNull: its values are not shown to you');
  if (!opsOf(kind).includes(op))
    throw filterError(column, `can't be asked for ${op}: there is ${opsOf(kind).join(', ')}`);
  switch (op) {
    case 'isNull':
      return `${name} IS ${readBoolean(first) ? '' : 'NOT '}NULL`;
    case 'contains':
      return `contains(${name}, ${textSql(first)})`;
    case 'startsWith':
      return `starts_with(${name}, ${textSql(first)})`;
    case 'in': {
      if (given.length > MOST_VALUES)
        throw filterError(column, `is asked for ${given.length} values: ask for ${MOST_VALUES} at most`);
      const parts = given.map((one) => comparison({ ...one, op: 'eq' }, name, kind));
      return parts.length === 0 ? 'false' : `(${parts.join(' OR ')})`;
    }
    default:
      return comparison({ ...first, op }, name, kind);
  }
}

/** One value of a condition. */
interface Given<Op = FilterOp> {
  readonly op: Op;
  readonly value: string;
  readonly column: PageColumn;
}

const SIGNS = { eq: '=', lt: '<', lte: '<=', gt: '>', gte: '>=' } as const;
type Comparing = keyof typeof SIGNS;

function comparison(given: Given<Comparing>, name: string, kind: ValueKind): string {
  if (kind.kind === 'number') return numberSql(given, name, kind);
  return `${name} ${SIGNS[given.op]} ${valueSql(given, kind)}`;
}

function valueSql(given: Given<Comparing>, { kind }: ValueKind): string {
  switch (kind) {
    case 'boolean':
      return String(readBoolean(given));
    case 'date':
      return `CAST(${literal(readDate(given))} AS DATE)`;
    case 'time':
      return `CAST(${literal(readTime(given))} AS TIMESTAMPTZ)`;
    case 'double':
      return `CAST(${literal(readDouble(given))} AS DOUBLE)`;
    default:
      return textSql(given);
  }
}

/**
 * A comparison with a number. One with more decimals than the column has lies between two of its values, and one beyond the
 * column's bounds lies beside all of them: neither is rounded to a value that it is not.
 */
function numberSql(
  given: Given<Comparing>,
  name: string,
  { scale, min, max }: Extract<ValueKind, { kind: 'number' }>,
): string {
  const { op, column } = given;
  const { units, isExact } = readNumber(given, scale);
  if (units > max || units < min) {
    const isMet = units > max ? op === 'lt' || op === 'lte' : op === 'gt' || op === 'gte';
    return isMet ? `${name} IS NOT NULL` : 'false';
  }
  const value = `CAST(${literal(decimalText(units, scale))} AS ${column.type})`;
  if (isExact) return `${name} ${SIGNS[op]} ${value}`;
  if (op === 'eq') return 'false';
  return op === 'lt' || op === 'lte' ? `${name} <= ${value}` : `${name} > ${value}`;
}

/** `-1.005` at scale 2 → -101, not exact: the greatest value that is not above it. */
function readNumber(given: Given, scale: number): { readonly units: bigint; readonly isExact: boolean } {
  const [, sign = '', whole = '', fraction = ''] = /^([+-]?)(\d+)(?:\.(\d+))?$/.exec(short(given)) ?? [];
  if (whole === '') throw wrongValue(given, 'a number, e.g. -1234.50');
  const kept = BigInt(whole + fraction.slice(0, scale).padEnd(scale, '0'));
  const isExact = /^0*$/.test(fraction.slice(scale));
  if (sign !== '-') return { units: kept, isExact };
  return { units: isExact ? -kept : -kept - 1n, isExact };
}

/** -5n at scale 2 → `-0.05`. */
function decimalText(units: bigint, scale: number): string {
  const digits = (units < 0n ? -units : units).toString().padStart(scale + 1, '0');
  const at = digits.length - scale;
  return `${units < 0n ? '-' : ''}${digits.slice(0, at)}${scale === 0 ? '' : `.${digits.slice(at)}`}`;
}

function readBoolean(given: Given): boolean {
  if (given.value !== 'true' && given.value !== 'false') throw wrongValue(given, 'true or false');
  return given.value === 'true';
}

function readDate(given: Given): string {
  if (!isDay(given.value)) throw wrongValue(given, 'a date, e.g. 2024-05-31');
  return given.value;
}

const TIME =
  /^(\d{4}-\d{2}-\d{2})[T ]([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,6})?)?(Z|[+-]([01]\d|2[0-3]):?[0-5]\d)?$/i;

/** In UTC where it says no offset. */
function readTime(given: Given): string {
  const text = short(given);
  const [, day = '', , , , offset] = TIME.exec(text) ?? [];
  if (isDay(text)) return `${text}T00:00:00Z`;
  if (!isDay(day)) throw wrongValue(given, 'a time, e.g. 2024-05-31T12:00:00Z');
  return offset === undefined ? `${text}Z` : text;
}

function isDay(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const day = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(day.getTime()) && day.toISOString().startsWith(text);
}

function readDouble(given: Given): string {
  const text = short(given);
  if (!/^[+-]?\d+(\.\d+)?(e[+-]?\d+)?$/i.test(text) || !Number.isFinite(Number(text)))
    throw wrongValue(given, 'a number, e.g. 1.5');
  return text;
}

function short(given: Given): string {
  if (given.value.length > MOST_DIGITS)
    throw filterError(given.column, `is asked for a value of ${given.value.length} characters`);
  return given.value;
}

/** SQL has no sign for NUL, and no value of a table has one. */
function textSql({ value, column }: Given): string {
  if (value.includes('\0')) throw filterError(column, 'is asked for a text with a NUL character');
  return literal(value);
}

function wrongValue({ column, op, value }: Given, wanted: string): ConfigError {
  const shown = value.length > 40 ? `${value.slice(0, 40)}…` : value;
  return filterError(column, `${op} has '${shown}': write ${wanted}`);
}

function filterError({ name }: PageColumn, what: string): ConfigError {
  return new ConfigError('FILTER', `The column '${name}' ${what}.`, { context: { column: name } });
}
