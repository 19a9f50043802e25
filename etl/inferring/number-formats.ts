import type { NumberFormat } from '../contract/contract.ts';
import { type Shape, shareOf } from './readings.ts';

const SYMBOLS = [
  '£',
  '$',
  '€',
  '¥',
  '₹',
  '₽',
  '₺',
  '₩',
  '₪',
  'CHF',
  'EUR',
  'USD',
  'GBP',
  'INR',
  'Rs',
  'kr',
  'zł',
  'Kč',
  'Ft',
];

/** Ways to write decimals, the plainest first. */
const SIGNS: readonly Pick<NumberFormat, 'decimal' | 'group'>[] = [
  { decimal: '.' },
  { decimal: '.', group: ',' },
  { decimal: ',' },
  { decimal: ',', group: '.' },
  ...([' ', '\u00a0', '\u202f', '\u2009'] as const).flatMap((group) => [
    { decimal: ',' as const, group },
    { decimal: '.' as const, group },
  ]),
  ...(["'", '’'] as const).flatMap((group) => [
    { decimal: '.' as const, group },
    { decimal: ',' as const, group },
  ]),
];

/** Blanks that may stand beside a symbol or a sign, and signs that stand between groups of digits. */
const BLANK = ' \u00a0\u202f\u2009';
const GROUPS = `.,'’${BLANK}`;
const DASH = '\u2010-\u2015\u2212\ufe58\ufe63\uff0d';
const SYMBOL = '(\\p{Sc}|\\p{L}{1,3}|a)?';

/** Dashes that stand for a minus, where a digit stands beside them. */
const DASHES = new RegExp(`[${DASH}](?=[^\\n]*9)|(?<=9[^\\n]*)[${DASH}]`, 'gu');
/** Digits with signs between them, and what may stand before and behind. */
const NUMERIC = new RegExp(
  `^[-+(${DASH}]?[${BLANK}]?${SYMBOL}[${BLANK}]?[-+${DASH}]?[9${GROUPS}]+(a[-+]?9+)?[${BLANK}]?[-+${DASH}]?[${BLANK}]?${SYMBOL}[${BLANK}]?[-+${DASH}]?\\)?$`,
  'u',
);
const EXPONENT = /9[.,]?a[-+]?9/;
const LAKH = /(?:^|\D)9{1,2}(?:([^9a])99)+(?:\1)999(?!9)/;

/** Whether the shapes of nine in ten texts have a digit and nothing that no number has. */
export function looksNumeric(shapes: readonly Shape[]): boolean {
  return shareOf(shapes, (shape) => /9/.test(shape) && NUMERIC.test(shape)) >= 0.9;
}

/** Number formats to try on a column: those whose signs occur in it, with the symbols and parentheses that do. */
export function numberFormats(shapes: readonly Shape[]): readonly NumberFormat[] {
  const text = shapes.map(({ shape, example }) => `${shape} ${example}`).join('\n');
  const symbols = SYMBOLS.filter((symbol) => text.includes(symbol));
  const dashes = [...new Set(shapes.flatMap(({ shape }) => [...shape.matchAll(DASHES)].map(([one]) => one)))];
  const common = {
    symbols,
    ...symbolsAt(shapes, symbols),
    ...(shapes.some(({ shape }) => isSignBehind(shape)) ? { trailingSign: true as const } : {}),
    ...(shapes.some(({ shape }) => EXPONENT.test(shape)) ? { exponent: true as const } : {}),
    ...(dashes.length === 0 ? {} : { minus: dashes }),
    parentheses: text.includes('('),
  };
  const isLakh = shapes.some(({ shape }) => LAKH.test(shape));
  return SIGNS.filter(
    ({ group }) => group === undefined || shapes.some(({ shape }) => isBetween(shape, group)),
  ).flatMap((signs) => [
    { ...signs, ...common },
    ...(isLakh && signs.group !== undefined ? [{ ...signs, grouping: 'lakh' as const, ...common }] : []),
  ]);
}

/** Whether a sign stands between digits. */
const isBetween = (shape: string, sign: string): boolean => shape.includes(`9${sign}9`);

const isSignBehind = (shape: string): boolean =>
  new RegExp(`9[${BLANK}]?[-+${DASH}]`, 'u').test(shape) && !EXPONENT.test(shape);

/** On which side of the digits the symbols stand, as `assay.number` says it. */
function symbolsAt(shapes: readonly Shape[], symbols: readonly string[]): Pick<NumberFormat, 'symbolsAt'> {
  const stands = (test: (text: string, symbol: string) => boolean): boolean =>
    shapes.some(({ example }) => symbols.some((symbol) => test(example, symbol)));
  const isAfter = stands((text, symbol) => text.lastIndexOf(symbol) > text.search(/[0-9]/));
  if (!isAfter) return {};
  const isBefore = stands(
    (text, symbol) => text.includes(symbol) && text.indexOf(symbol) < text.search(/[0-9]/),
  );
  return { symbolsAt: isBefore ? 'either' : 'after' };
}
