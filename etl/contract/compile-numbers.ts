import { literal } from '../engine/sql.ts';
import type { ColumnType } from '../table/schema.ts';
import { escapeShape } from './compile-dates.ts';
import type { NumberFormat } from './contract.ts';
import { duckType } from './duck-type.ts';
import { expandedSql, exponentShape } from './exponents.ts';

/** Blanks that may stand between a number and its symbol or sign: also no-break, narrow no-break and thin spaces. */
const BLANK = '[ \u00a0\u202f\u2009]';
const BLANKS = ' \u00a0\u202f\u2009';

/**
 * Texts that are a number exactly: digits or full groups, and no more decimals than the scale keeps. Where a format has
 * exponents, those that `plainSql` leaves of them.
 */
export function numberShape(format: NumberFormat, type: ColumnType): string {
  const digits = magnitudeShape(type, {
    whole: wholeShape(format),
    point: escapeShape(format.decimal),
    sign: signShape(format),
  });
  return signedShape(format, digits);
}

/** Texts that look like a number, whatever its size, as the source writes them: also with an exponent. */
export function looseNumberShape(format: NumberFormat, type: ColumnType): string {
  const widest: ColumnType = type.kind === 'decimal' ? { kind: 'decimal', precision: 38, scale: 38 } : type;
  const plain = numberShape(format, widest);
  if (format.exponent !== true) return plain;
  return `${plain}|${signedShape(format, exponentShape(escapeShape(format.decimal), signShape(format)))}`;
}

/** SQL of a text without its exponent, written out in digits; the text itself where the format has none. */
export function plainSql(text: string, format: NumberFormat): string {
  return format.exponent === true ? expandedSql(text, format) : text;
}

/** Digits with what may stand around them: a sign and a symbol, each on the sides that the format allows. */
function signedShape(format: NumberFormat, digits: string): string {
  const { symbols, symbolsAt, trailingSign, parentheses } = format;
  const symbol = `(${symbols.map(escapeShape).join('|')})`;
  const before = symbols.length === 0 || symbolsAt === 'after' ? '' : `(${symbol}${BLANK}?)?`;
  const after = symbols.length === 0 || symbolsAt === undefined ? '' : `(${BLANK}?${symbol})?`;
  const sign = signShape(format);
  const leading = before === '' ? `${sign}?` : `(${sign}?${before}|${before}${sign}?)`;
  const behind = after === '' ? `${BLANK}?${sign}` : `(${BLANK}?${sign}${after}|${after}${BLANK}?${sign})`;
  return [
    `${leading}${digits}${after}`,
    ...(trailingSign === true ? [`${before}${digits}${behind}`] : []),
    ...(parentheses ? [`\\(${before}${digits}${after}\\)`] : []),
  ].join('|');
}

function wholeShape({ group, grouping }: NumberFormat): string {
  if (group === undefined) return '[0-9]+';
  const sign = escapeShape(group);
  return grouping === 'lakh'
    ? `([0-9]+|[0-9]{1,2}(${sign}[0-9]{2})*${sign}[0-9]{3})`
    : `([0-9]+|[0-9]{1,3}(${sign}[0-9]{3})+)`;
}

/** A sign: plus, minus, or a dash that means one. */
const signShape = (format: NumberFormat): string => `[+${minuses(format)}-]`;

/** The dashes that mean a minus beside `-`, in one text. */
const minuses = ({ minus = [] }: NumberFormat): string => minus.join('');

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
  const { symbols, decimal, group = '', parentheses, trailingSign } = format;
  // Sign by sign where no letter of a symbol can be one of the number: a double's exponent has an e.
  const isApart = symbols.length > 0 && type.kind === 'double';
  const unmarked = isApart ? withoutSymbols(text, format) : text;
  const letters = symbols.length === 0 || isApart ? '' : symbols.join('');
  const blanks = symbols.length > 0 || trailingSign === true ? BLANKS : '';
  const noise = `${group}${blanks}${letters}${parentheses ? '()' : ''}`;
  const minus = minuses(format);
  // translate turns every kind of minus into '-' and drops all noise.
  let bare =
    minus + noise === ''
      ? unmarked
      : `translate(${unmarked}, ${literal(minus + noise)}, ${literal('-'.repeat(minus.length))})`;
  if (decimal !== '.') bare = `replace(${bare}, ${literal(decimal)}, '.')`;
  if (trailingSign === true) bare = signInFront(bare);
  const number = `try_cast(${bare} AS ${duckType(type)})`;
  // DuckDB reads what is past a double's range as infinity.
  return type.kind === 'double' ? `CASE WHEN isfinite(${number}) THEN ${number} END` : number;
}

/** The text without a symbol at either end. */
function withoutSymbols(text: string, format: NumberFormat): string {
  const symbol = `(?:${format.symbols.map(escapeShape).join('|')})`;
  const before = literal(`^([(]?${signShape(format)}?)${symbol}${BLANK}?`);
  const after = literal(`${BLANK}?${symbol}(${BLANK}?${signShape(format)}?[)]?)$`);
  return `regexp_replace(regexp_replace(${text}, ${before}, '\\1'), ${after}, '\\1')`;
}

/** `5.00-` → `-5.00`. */
function signInFront(bare: string): string {
  return `CASE WHEN right(${bare}, 1) = '-' OR right(${bare}, 1) = '+' THEN right(${bare}, 1) || left(${bare}, -1) ELSE ${bare} END`;
}
