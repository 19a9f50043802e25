import { escapeShape } from '../contract/compile-dates.ts';
import { looseNumberShape, numberShape } from '../contract/compile-numbers.ts';
import type { NumberFormat } from '../contract/contract.ts';
import type { ColumnType } from '../table/schema.ts';
import { expanded } from './exponents.ts';
import { LONG, OTHER, OUT, type Reading, type ReadText, valueReading } from './value.ts';
import { wholeMatch } from './whole-match.ts';

type NumberType = Extract<ColumnType, { readonly kind: 'decimal' | 'long' | 'double' | string }>;

/** Blanks that may stand between a number and its symbol or sign. */
const BLANKS = ' \u00a0\u202f\u2009';

/** Reads the numbers of a format, as `numberSql` does. */
export function numberReader(format: NumberFormat, type: NumberType): ReadText {
  const [isExact, isLoose] = [numberShape(format, type), looseNumberShape(format, type)].map(wholeMatch);
  const plain = format.exponent === true ? (text: string) => expanded(text, format) : (text: string) => text;
  const bare = bareText(format, type);
  const read = type.kind === 'double' ? readDouble : exactReader(type);
  return (text) => {
    const written = plain(text);
    if (isExact?.(written) === true) return read(bare(written), isNegated(format, written));
    if (isLoose?.(text) !== true) return OTHER;
    // An exponent may leave decimals, which no integer has.
    return type.kind === 'decimal' ? LONG : type.kind === 'long' ? OTHER : OUT;
  };
}

const isNegated = ({ parentheses }: NumberFormat, text: string): boolean =>
  parentheses && text.startsWith('(');

/** Turns a number's text into digits, a point and a sign in front. */
function bareText(format: NumberFormat, type: NumberType): (text: string) => string {
  const { symbols, decimal, group, minus = [], trailingSign } = format;
  // Sign by sign where no letter of a symbol can be one of the number: a double's exponent has an e.
  const marks = type.kind === 'double' ? symbolsAtEnds(format) : undefined;
  const noise = new Set([
    ...(group === undefined ? [] : [group]),
    ...(symbols.length > 0 || trailingSign === true ? BLANKS : ''),
    ...(marks === undefined ? symbols.join('') : ''),
    ...(format.parentheses ? '()' : ''),
  ]);
  const minuses = new Set(minus);
  const one = (sign: string): string => {
    if (minuses.has(sign)) return '-';
    if (noise.has(sign)) return '';
    return sign === decimal ? '.' : sign;
  };
  return (text) => {
    const unmarked = (marks ?? []).reduce((rest, mark) => rest.replace(mark, '$1'), text);
    const digits = [...unmarked].map(one).join('');
    return trailingSign === true && /[+-]$/.test(digits) ? digits.slice(-1) + digits.slice(0, -1) : digits;
  };
}

/** A symbol at either end, with the group of what stands outside of it. */
function symbolsAtEnds({ symbols, minus = [] }: NumberFormat): readonly RegExp[] | undefined {
  if (symbols.length === 0) return undefined;
  const [symbol, sign] = [`(?:${symbols.map(escapeShape).join('|')})`, `[+${minus.join('')}-]`];
  return [
    new RegExp(`^([(]?${sign}?)${symbol}[${BLANKS}]?`, 'u'),
    new RegExp(`[${BLANKS}]?${symbol}([${BLANKS}]?${sign}?[)]?)$`, 'u'),
  ];
}

function readDouble(bare: string, isNegative: boolean): Reading {
  const value = Number(bare);
  if (!Number.isFinite(value)) return OUT;
  const signed = isNegative ? -value : value;
  return valueReading(signed, String(signed));
}

/** Reads a decimal or an integer; its magnitude must be in the range of the type before a bracket makes it negative. */
function exactReader(type: NumberType): (bare: string, isNegative: boolean) => Reading {
  const scale = type.kind === 'decimal' ? type.scale : 0;
  const most =
    type.kind === 'decimal'
      ? 10n ** BigInt(type.precision) - 1n
      : type.kind === 'int'
        ? 2n ** 31n - 1n
        : 2n ** 63n - 1n;
  const least = type.kind === 'decimal' ? -most : -most - 1n;
  return (bare, isNegative) => {
    const [, sign = '', whole = '', fraction = ''] = /^([+-]?)([0-9]*)(?:\.([0-9]*))?$/.exec(bare) ?? [];
    const size = BigInt(`${whole}${fraction.slice(0, scale).padEnd(scale, '0')}` || '0');
    const magnitude = sign === '-' ? -size : size;
    if (magnitude > most || magnitude < least) return OUT;
    const signed = isNegative ? -magnitude : magnitude;
    return valueReading(signed, scaledText(signed, scale));
  };
}

function scaledText(size: bigint, scale: number): string {
  const digits = String(size < 0n ? -size : size).padStart(scale + 1, '0');
  const point = digits.length - scale;
  const text = scale === 0 ? digits : `${digits.slice(0, point)}.${digits.slice(point)}`;
  return size < 0n ? `-${text}` : text;
}
