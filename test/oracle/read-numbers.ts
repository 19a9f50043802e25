import type { NumberFormat } from '../../etl/contract/contract.ts';

/** A number as its sign, whole digits, decimals and exponent; undefined where the text is none. */
export interface NumberText {
  readonly negative: boolean;
  readonly whole: string;
  readonly decimals: string;
  readonly exponent: string;
}

const SPACES = [' ', '\u00a0', '\u202f', '\u2009'];

/** Takes a number apart, sign by sign, as the contract spells numbers. */
export function readNumber(
  text: string,
  format: NumberFormat,
  allow: { readonly point: boolean; readonly exponent: boolean },
): NumberText | undefined {
  // Dashes that mean a minus are one where a sign may stand; elsewhere no digit, so that the text stays none.
  const plain = [...text].map((sign) => (format.minus?.includes(sign) ? '-' : sign)).join('');
  for (const { negative, digits } of bodies(plain, format)) {
    const number = readDigits(digits, format, allow);
    if (number !== undefined) return { negative, ...number };
  }
  return undefined;
}

/** What may be left of a text when its sign and symbols are taken away, in every way in which the format lets them stand. */
function* bodies(text: string, format: NumberFormat): Generator<{ negative: boolean; digits: string }> {
  const { symbolsAt = 'before' } = format;
  const before = (rest: string): string[] =>
    symbolsAt === 'after' ? [rest] : [rest, ...withoutSymbol(rest, format, 'start')];
  const after = (rest: string): string[] =>
    symbolsAt === 'before' ? [rest] : [rest, ...withoutSymbol(rest, format, 'end')];
  const around = (rest: string): string[] => before(rest).flatMap(after);
  if (format.parentheses && text.startsWith('(') && text.endsWith(')'))
    for (const digits of around(text.slice(1, -1))) yield { negative: true, digits };
  // A sign in front: before or behind the symbol that stands there.
  for (const start of ['', '+', '-']) {
    const negative = start === '-';
    for (const lead of new Set([text, ...before(text)])) {
      if (!lead.startsWith(start)) continue;
      const rest = lead.slice(start.length);
      // Where the symbol was taken already, another one is none.
      for (const one of lead === text ? before(rest) : [rest])
        for (const digits of after(one)) yield { negative, digits };
    }
  }
  if (format.trailingSign !== true) return;
  for (const lead of before(text)) {
    for (const tail of after(lead)) {
      const sign = tail.at(-1);
      if (sign !== '+' && sign !== '-') continue;
      for (const rest of withoutSpace(tail.slice(0, -1)))
        for (const digits of tail === lead ? after(rest) : [rest]) yield { negative: sign === '-', digits };
    }
  }
}

function withoutSymbol(text: string, format: NumberFormat, at: 'start' | 'end'): string[] {
  return format.symbols.flatMap((symbol) => {
    if (at === 'start') return text.startsWith(symbol) ? withoutSpaceBefore(text.slice(symbol.length)) : [];
    return text.endsWith(symbol) ? withoutSpace(text.slice(0, -symbol.length)) : [];
  });
}

const withoutSpace = (text: string): string[] =>
  SPACES.includes(text.at(-1) ?? '') ? [text, text.slice(0, -1)] : [text];
const withoutSpaceBefore = (text: string): string[] =>
  SPACES.includes(text[0] ?? '') ? [text, text.slice(1)] : [text];

function readDigits(
  text: string,
  format: NumberFormat,
  allow: { readonly point: boolean; readonly exponent: boolean },
): Omit<NumberText, 'negative'> | undefined {
  const exponentAt = allow.exponent ? text.search(/[eE]/) : -1;
  const exponent = exponentAt < 0 ? '0' : text.slice(exponentAt + 1);
  if (!/^[+-]?[0-9]+$/.test(exponent)) return undefined;
  const digits = exponentAt < 0 ? text : text.slice(0, exponentAt);
  const pieces = digits.split(format.decimal);
  if (pieces.length > 2 || (pieces.length === 2 && !allow.point)) return undefined;
  const [whole = '', decimals = ''] = pieces;
  if (!/^[0-9]*$/.test(decimals) || (whole === '' && decimals === '')) return undefined;
  const isBare = /^[0-9]*$/.test(whole);
  // What `exponent` reads in decimals and integers has no groups.
  if (!isBare && exponentAt >= 0 && format.exponent === true) return undefined;
  const plain = isBare ? whole : takeGroups(whole, format);
  return plain === undefined ? undefined : { whole: plain, decimals, exponent };
}

/** The digits without separators; undefined where separators stand elsewhere than the contract says. */
function takeGroups(whole: string, { group, grouping }: NumberFormat): string | undefined {
  if (group === undefined) return undefined;
  const parts = whole.split(group);
  const sizes = parts.map(({ length }) => length);
  const isDigits = parts.every((part) => /^[0-9]+$/.test(part));
  const [first = 0, ...rest] = sizes;
  const wanted = (n: number): number => (n === rest.length - 1 || grouping !== 'lakh' ? 3 : 2);
  const isRegular =
    rest.length > 0 &&
    first >= 1 &&
    first <= (grouping === 'lakh' ? 2 : 3) &&
    rest.every((size, n) => size === wanted(n));
  return isDigits && isRegular ? parts.join('') : undefined;
}
