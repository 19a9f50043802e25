import { ConfigError } from '../errors.ts';
import { OFFSET_SHAPE } from '../timezones/offsets.ts';
import { type DateField, type DatePart, readDatePattern } from './date-pattern.ts';

/**
 * A date or timestamp pattern as regular expressions that say which texts have its shape and as DuckDB's strptime
 * format that reads them. The shape comes first, since strptime alone would take `24/12/10` for the year 10.
 */
export interface CompiledPattern {
  /** Texts that look like the pattern. */
  readonly shape: string;
  /** Those of them whose year is 1 to 9999 and whose offset exists: strptime takes any, such as +25:00. */
  readonly exact: string;
  readonly strptime: string;
  /** An offset and what stands before and after it, as shapes without groups; absent where the pattern has none. */
  readonly offset?: { readonly before: string; readonly shape: string; readonly after: string };
  /** `shape` with one group around the weekday, and its strptime letter, which strptime reads and doesn't check. */
  readonly weekday?: { readonly shape: string; readonly letter: string };
}

const MONTHS = '(?i:January|February|March|April|May|June|July|August|September|October|November|December)';
const SHORT_MONTHS = '(?i:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)';
const WEEKDAYS = '(?i:Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday)';
const SHORT_WEEKDAYS = '(?i:Mon|Tue|Wed|Thu|Fri|Sat|Sun)';

/** strptime's letter for each field; a pair gives the short and the long spelling. */
const SPECIFIERS: Readonly<Record<DateField, string | readonly [short: string, long: string]>> = {
  year: '%Y',
  shortYear: '%y',
  month: '%m',
  monthName: ['%b', '%B'],
  day: '%d',
  weekday: ['%a', '%A'],
  hour: '%H',
  hour12: '%I',
  minute: '%M',
  second: '%S',
  fraction: '%f',
  halfday: '%p',
  offset: '%z',
};

/** Shapes of words and offsets, without groups: short and long. */
export const WORDS: Readonly<Partial<Record<DateField, readonly [short: string, long: string]>>> = {
  monthName: [SHORT_MONTHS, MONTHS],
  weekday: [SHORT_WEEKDAYS, WEEKDAYS],
  halfday: ['(?i:AM|PM)', '(?i:AM|PM)'],
  offset: ['(?:Z|[+-][0-9]{2}(?::?[0-9]{2})?)', '(?:Z|[+-][0-9]{2}:[0-9]{2})'],
};

/** Years that every engine and language has: Python's and pandas' dates end there, too. */
export const YEAR = '(?:[1-9][0-9]{3}|0[1-9][0-9]{2}|00[1-9][0-9]|000[1-9])';

/** Offsets up to 18 hours, with minutes below 60: those of the JDK, whose letters the patterns are. */
export const OFFSETS = [OFFSET_SHAPE, '(?:Z|[+-](?:(?:0[0-9]|1[0-7]):[0-5][0-9]|18:00))'] as const;

type Part<Kind extends DatePart['kind']> = Extract<DatePart, { readonly kind: Kind }>;
const isWord = (field: DateField) => (part: DatePart) => part.kind === 'text' && part.field === field;

/** `dd-MMM-yy` → its shape and its strptime format; throws ConfigError where it is no pattern. */
export function compileDatePattern(pattern: string): CompiledPattern {
  const read = readDatePattern(pattern);
  if (read.kind === 'wrong')
    throw new ConfigError('DATE_PATTERN', `The date pattern '${pattern}' ${read.message}.`);
  const { parts } = read;
  const shape = (some: readonly DatePart[]): string => some.map(shapeOf).join('');
  const [offsetAt, weekdayAt] = [parts.findIndex(isWord('offset')), parts.findIndex(isWord('weekday'))];
  const [offset, weekday] = [parts[offsetAt], parts[weekdayAt]];
  return {
    shape: shape(parts),
    exact: parts.map(exactShapeOf).join(''),
    strptime: parts.map(specifierOf).join(''),
    ...(offset === undefined
      ? {}
      : {
          offset: {
            before: shape(parts.slice(0, offsetAt)),
            shape: shapeOf(offset),
            after: shape(parts.slice(offsetAt + 1)),
          },
        }),
    ...(weekday === undefined
      ? {}
      : {
          weekday: {
            shape: parts.map((part) => (part === weekday ? `(${shapeOf(part)})` : shapeOf(part))).join(''),
            letter: specifierOf(weekday),
          },
        }),
  };
}

/** The expression that matches just this text. */
export function escapeShape(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

function shapeOf(part: DatePart): string {
  switch (part.kind) {
    case 'literal':
      return escapeShape(part.text);
    case 'digits':
      return part.min === part.max ? `[0-9]{${part.min}}` : `[0-9]{${part.min},${part.max}}`;
    case 'text':
      return WORDS[part.field]?.[part.long ? 1 : 0] ?? '';
  }
}

function exactShapeOf(part: DatePart): string {
  if (part.kind === 'digits' && part.field === 'year') return YEAR;
  return part.kind === 'text' && part.field === 'offset' ? OFFSETS[part.long ? 1 : 0] : shapeOf(part);
}

function specifierOf(part: DatePart): string {
  if (part.kind === 'literal') return part.text.replaceAll('%', '%%');
  if (part.kind === 'digits' && part.field === 'fraction' && part.max === 3) return '%g';
  const specifier = SPECIFIERS[part.field];
  return typeof specifier === 'string' ? specifier : (specifier[longOf(part)] ?? '');
}

const longOf = (part: Part<'digits'> | Part<'text'>): 0 | 1 => (part.kind === 'text' && part.long ? 1 : 0);

/** ISO 8601 date. */
export const ISO_DATE: CompiledPattern = compileDatePattern('yyyy-MM-dd');

const ISO_FRACTION = '(?:[.][0-9]{1,6}0*)?';

const ISO_LOCAL = `${YEAR}-[0-9]{2}-[0-9]{2}[T ](?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]${ISO_FRACTION}`;

/**
 * ISO 8601 date and time, with or without an offset. Fractions to the microsecond. Which texts look so, and which of them
 * can be a time that there is: there is no 24:00, and no second 60 in any table; `local` are those without an offset.
 */
export const ISO_TIMESTAMP: Readonly<Record<'shape' | 'exact' | 'local' | 'withOffset', string>> = {
  shape: `[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}${ISO_FRACTION}${WORDS.offset?.[0] ?? ''}?`,
  exact: `${ISO_LOCAL}${OFFSETS[0]}?`,
  local: ISO_LOCAL,
  withOffset: `${ISO_LOCAL}${OFFSETS[0]}`,
};
