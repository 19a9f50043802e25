import type { NumberFormat } from '../../etl/contract/contract.ts';

/** A number as its sign, whole digits, decimals and exponent; undefined where the text is none. */
export interface NumberText {
  readonly negative: boolean;
  readonly whole: string;
  readonly decimals: string;
  readonly exponent: string;
}

/** Takes a number apart, sign by sign, as the contract spells numbers. */
export function readNumber(
  text: string,
  format: NumberFormat,
  allow: { readonly point: boolean; readonly exponent: boolean },
): NumberText | undefined {
  // Dashes that mean a minus are one where a sign may stand; elsewhere no digit, so that the text stays none.
  let rest = [...text].map((sign) => (format.minus?.includes(sign) ? '-' : sign)).join('');
  let negative = false;
  if (format.parentheses && rest.startsWith('(') && rest.endsWith(')')) {
    negative = true;
    rest = takeSymbol(rest.slice(1, -1), format);
    if (/^[+-]/.test(rest)) return undefined;
  } else {
    const before = takeSymbol(rest, format);
    const signed = /^[+-]/.test(before) ? before.slice(1) : before;
    negative = before.startsWith('-');
    const tookSign = signed !== before;
    rest = before === rest && tookSign ? takeSymbol(signed, format) : signed;
  }
  const exponentAt = allow.exponent ? rest.search(/[eE]/) : -1;
  const exponent = exponentAt < 0 ? '0' : rest.slice(exponentAt + 1);
  if (!/^[+-]?[0-9]+$/.test(exponent)) return undefined;
  const digits = exponentAt < 0 ? rest : rest.slice(0, exponentAt);
  const pieces = digits.split(format.decimal);
  if (pieces.length > 2 || (pieces.length === 2 && !allow.point)) return undefined;
  const [whole = '', decimals = ''] = pieces;
  if (!/^[0-9]*$/.test(decimals) || (whole === '' && decimals === '')) return undefined;
  const plain = takeGroups(whole, format);
  return plain === undefined ? undefined : { negative, whole: plain, decimals, exponent };
}

function takeSymbol(text: string, format: NumberFormat): string {
  const symbol = format.symbols.find((candidate) => text.startsWith(candidate));
  if (symbol === undefined) return text;
  const rest = text.slice(symbol.length);
  return rest.startsWith(' ') ? rest.slice(1) : rest;
}

/** The digits without separators; undefined where separators stand elsewhere than at every third digit. */
function takeGroups(whole: string, { group }: NumberFormat): string | undefined {
  if (/^[0-9]*$/.test(whole)) return whole;
  if (group === undefined) return undefined;
  const [first = '', ...groups] = whole.split(group);
  const regular = /^[0-9]{1,3}$/.test(first) && groups.every((part) => /^[0-9]{3}$/.test(part));
  return regular ? [first, ...groups].join('') : undefined;
}
