import { ConfigError } from '../errors.ts';
import { type DateField, type DatePart, readDatePattern } from './date-pattern.ts';

/**
 * A date or timestamp pattern as a regular expression that says which texts have its shape and as
 * DuckDB's strptime format that reads them. The shape comes first, since strptime alone would take
 * `24/12/10` for the year 10.
 */
export interface CompiledPattern {
  readonly shape: string;
  readonly strptime: string;
  /** Whether a text may end in `Z`, which strptime doesn't read and which stands for `+00`. */
  readonly hasOffset: boolean;
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

const WORDS: Readonly<Partial<Record<DateField, readonly [short: string, long: string]>>> = {
  monthName: [SHORT_MONTHS, MONTHS],
  weekday: [SHORT_WEEKDAYS, WEEKDAYS],
  halfday: ['(?i:AM|PM)', '(?i:AM|PM)'],
  offset: ['(Z|[+-][0-9]{2}:?([0-9]{2})?)', '(Z|[+-][0-9]{2}:[0-9]{2})'],
};

/** `dd-MMM-yy` → its shape and its strptime format; throws ConfigError where it is no pattern. */
export function compileDatePattern(pattern: string): CompiledPattern {
  const read = readDatePattern(pattern);
  if (read.kind === 'wrong')
    throw new ConfigError('DATE_PATTERN', `The date pattern '${pattern}' ${read.message}.`);
  return {
    shape: read.parts.map(shapeOf).join(''),
    strptime: read.parts.map(specifierOf).join(''),
    hasOffset: read.parts.some((part) => part.kind === 'text' && part.field === 'offset'),
  };
}

function shapeOf(part: DatePart): string {
  switch (part.kind) {
    case 'literal':
      return part.text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
    case 'digits':
      return part.min === part.max ? `[0-9]{${part.min}}` : `[0-9]{${part.min},${part.max}}`;
    case 'text':
      return WORDS[part.field]?.[part.long ? 1 : 0] ?? '';
  }
}

function specifierOf(part: DatePart): string {
  if (part.kind === 'literal') return part.text.replaceAll('%', '%%');
  if (part.kind === 'digits' && part.field === 'fraction' && part.max === 3) return '%g';
  const specifier = SPECIFIERS[part.field];
  return typeof specifier === 'string'
    ? specifier
    : (specifier[part.kind === 'text' && part.long ? 1 : 0] ?? '');
}

/** ISO 8601 date. */
export const ISO_DATE: CompiledPattern = {
  shape: '[0-9]{4}-[0-9]{2}-[0-9]{2}',
  strptime: '%Y-%m-%d',
  hasOffset: false,
};

/** ISO 8601 date and time, with or without an offset; without one it is UTC. Fractions to the microsecond. */
export const ISO_TIMESTAMP_SHAPE =
  '[0-9]{4}-[0-9]{2}-[0-9]{2}[T ]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]([.][0-9]{1,6}0*)?(Z|[+-][0-9]{2}(:?[0-9]{2})?)?';
