import type { NumberFormat } from '../contract/contract.ts';
import type { ColumnType } from '../table/schema.ts';

/** One way to read a column's texts as values of a type. */
export interface Reading {
  readonly type: ColumnType;
  readonly formats: readonly string[];
  readonly number: NumberFormat;
}

/** A shape that texts of a column have, digits as `9` and runs of letters as `a`, with one such text. */
export interface Shape {
  readonly shape: string;
  readonly count: number;
  readonly example: string;
}

const DATE = /^(9{1,4}|a)([-/. ]?)(9{1,2}|a)\2(9{4}|9{2}|9)$/;
const TIME = /^(9{1,2}):99(:99)?([.]9{3}|[.]9{6})?( ?a)?( ?[-+]99:?99)?$/;

/**
 * Date and timestamp patterns that texts of a shape may have: `99/99/9999` may be dd/MM/yyyy or MM/dd/yyyy. Empty
 * where it looks like neither.
 */
export function datePatterns(shape: string): {
  readonly patterns: readonly string[];
  readonly hasTime: boolean;
} {
  const none = { patterns: [], hasTime: false };
  const [, day = '', between = '', time] = /^(.*?)(?:(, | |a)(9{1,2}:99.*))?$/.exec(shape) ?? [];
  const days = dayPatterns(day);
  if (time === undefined) return { patterns: days, hasTime: false };
  const times = timePatterns(time);
  if (times.length === 0) return none;
  const joint = between === 'a' ? "'T'" : between;
  return { patterns: days.flatMap((one) => times.map((two) => `${one}${joint}${two}`)), hasTime: true };
}

/** Months without a day: of digits the year comes first or last, and words are names. */
const MONTHS: readonly (readonly [RegExp, (sign: string, years: string) => readonly string[]])[] = [
  [/^9{4}([-/. ])99$/, (sign) => [`yyyy${sign}MM`]],
  [/^99([-/. ])9{4}$/, (sign) => [`MM${sign}yyyy`]],
  [/^a([-/. ])(9{4}|99)$/, (sign, years) => ['MMM', 'MMMM'].map((month) => [month, years].join(sign))],
];

/** `a 9999` → `MMM yyyy` and `MMMM yyyy`; empty where a shape is of no month. */
export function monthPatterns(shape: string): readonly string[] {
  return MONTHS.flatMap(([form, patterns]) => {
    const [match, sign = '', years = ''] = form.exec(shape) ?? [];
    return match === undefined ? [] : patterns(sign, 'y'.repeat(years.length));
  });
}

function dayPatterns(shape: string): readonly string[] {
  const monthsAlone = monthPatterns(shape);
  if (monthsAlone.length > 0) return monthsAlone;
  if (shape === '99999999') return ['yyyyMMdd', 'ddMMyyyy', 'MMddyyyy'];
  const [, one = '', sign = '', two = '', three = ''] = DATE.exec(shape) ?? [];
  if (one === '') return [];
  const digits = (letter: string, text: string): string => letter.repeat(text.length === 2 ? 2 : 1);
  const year = (text: string): string => 'y'.repeat(text.length);
  const months = ['MMM', 'MMMM'];
  if (one === 'a' || two === 'a') {
    if (three.length === 1 || sign === '') return [];
    if (one === 'a') return months.map((month) => [month, digits('d', two), year(three)].join(sign));
    if (one.length > 2) return months.map((month) => [year(one), month, digits('d', three)].join(sign));
    return months.map((month) => [digits('d', one), month, year(three)].join(sign));
  }
  if (sign === '') return [];
  if (one.length === 4)
    return three.length > 2 ? [] : [[year(one), digits('M', two), digits('d', three)].join(sign)];
  if (one.length === 3 || three.length === 1) return [];
  const dayFirst = [digits('d', one), digits('M', two), year(three)].join(sign);
  const monthFirst = [digits('M', one), digits('d', two), year(three)].join(sign);
  const yearFirst = ['yy', 'MM', 'dd'].join(sign);
  return one.length === 2 && two.length === 2 && three.length === 2
    ? [dayFirst, monthFirst, yearFirst]
    : [dayFirst, monthFirst];
}

function timePatterns(shape: string): readonly string[] {
  const [, hour = '', second = '', fraction = '', word = '', offset = ''] = TIME.exec(shape) ?? [];
  if (hour === '') return [];
  const rest = `:mm${second === '' ? '' : ':ss'}${fraction === '' ? '' : `.${'S'.repeat(fraction.length - 1)}`}`;
  const long = hour.length === 2;
  const zone = offset === '' ? '' : offset.includes(':') ? 'XXX' : 'XX';
  const blank = /^ /.test(word || offset) ? ' ' : '';
  if (word === '') return [`${long ? 'HH' : 'H'}${rest}${zone === '' ? '' : blank + zone}`];
  return [`${long ? 'hh' : 'h'}${rest}${blank}a`, `${long ? 'HH' : 'H'}${rest}${blank}X`];
}

/** Share of texts whose shape meets a condition. */
export function shareOf(shapes: readonly Shape[], test: (shape: string) => boolean): number {
  const total = shapes.reduce((sum, { count }) => sum + count, 0);
  const met = shapes.reduce((sum, { shape, count }) => sum + (test(shape) ? count : 0), 0);
  return total === 0 ? 0 : met / total;
}
