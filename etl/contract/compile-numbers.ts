import { literal } from '../engine/sql.ts';
import type { ColumnType } from '../table/schema.ts';
import { escapeShape } from './compile-dates.ts';
import type { NumberFormat } from './contract.ts';
import { duckType } from './duck-type.ts';

/** Texts that are a number exactly: digits or full groups, and no more decimals than the scale keeps. */
export function numberShape(format: NumberFormat, type: ColumnType): string {
  const symbol = format.symbols.length === 0 ? '' : `((${symbolShape(format)}) ?)?`;
  const sign = `[+${minuses(format)}-]`;
  const whole =
    format.group === undefined ? '[0-9]+' : `([0-9]+|[0-9]{1,3}(${escapeShape(format.group)}[0-9]{3})+)`;
  const digits = magnitudeShape(type, { whole, point: escapeShape(format.decimal), sign });
  const plain = symbol === '' ? `${sign}?${digits}` : `(${sign}?${symbol}|${symbol}${sign}?)${digits}`;
  return format.parentheses ? `${plain}|\\(${symbol}${digits}\\)` : plain;
}

/** The dashes that mean a minus beside `-`, in one text. */
const minuses = ({ minus = [] }: NumberFormat): string => minus.join('');

const symbolShape = ({ symbols }: NumberFormat): string => symbols.map(escapeShape).join('|');

function magnitudeShape(
  type: ColumnType,
  { whole, point, sign }: { readonly whole: string; readonly point: string; readonly sign: string },
): string {
  if (type.kind === 'decimal') {
    const { scale } = type;
    return `(${whole}(${point}[0-9]{0,${scale}}0*)?|${point}${scale === 0 ? '0+' : `[0-9]{1,${scale}}0*`})`;
  }
  if (type.kind === 'double') return `(${whole}(${point}[0-9]*)?|${point}[0-9]+)([eE]${sign}?[0-9]+)?`;
  return whole;
}

/** SQL of the number that a text of its shape is; NULL where it is past the type's range. */
export function numberSql(text: string, format: NumberFormat, type: ColumnType): string {
  const number = magnitudeSql(text, format, type);
  if (!format.parentheses) return number;
  return `CASE WHEN starts_with(${text}, '(') THEN CAST(-${number} AS ${duckType(type)}) ELSE ${number} END`;
}

function magnitudeSql(text: string, format: NumberFormat, type: ColumnType): string {
  const { symbols, decimal, group = '', parentheses } = format;
  // Sign by sign where no letter of a symbol can be one of the number: a double's exponent has an e.
  const isApart = symbols.length > 0 && type.kind === 'double';
  const unmarked = isApart
    ? `regexp_replace(${text}, ${literal(`^([(]?[+${minuses(format)}-]?)(?:${symbolShape(format)}) ?`)}, '\\1')`
    : text;
  const noise = `${group}${symbols.length === 0 || isApart ? '' : ` ${symbols.join('')}`}${parentheses ? '()' : ''}`;
  const minus = minuses(format);
  // What has a sign at its own place becomes that; what has none falls away.
  let bare =
    minus + noise === ''
      ? unmarked
      : `translate(${unmarked}, ${literal(minus + noise)}, ${literal('-'.repeat(minus.length))})`;
  if (decimal !== '.') bare = `replace(${bare}, ${literal(decimal)}, '.')`;
  const number = `try_cast(${bare} AS ${duckType(type)})`;
  // DuckDB reads what is past a double's range as infinity.
  return type.kind === 'double' ? `CASE WHEN isfinite(${number}) THEN ${number} END` : number;
}
