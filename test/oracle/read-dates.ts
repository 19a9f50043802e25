import type { ReasonCode } from '../../etl/contract/contract.ts';
import { microsText } from '../stages/read-rows.ts';

/** What a text is as a date or time: its canonical text, right in form but on no calendar, or neither. */
export type DateReading =
  | { readonly kind: 'value'; readonly text: string }
  | { readonly kind: 'no such day' }
  | { readonly kind: 'fault'; readonly code: ReasonCode }
  | { readonly kind: 'other' };

/** What a time without an offset is, in seconds of Unix time, or why it is none. */
export type ZonedTime =
  | { readonly kind: 'instant'; readonly seconds: number }
  | { readonly kind: 'fault'; readonly code: ReasonCode };

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

const TOKENS: Readonly<Record<string, string>> = {
  yyyy: '(?<year>[0-9]{4})',
  yy: '(?<short>[0-9]{2})',
  MMMM: `(?<name>january|february|march|april|may|june|july|august|september|october|november|december)`,
  MMM: `(?<name>${MONTHS.join('|')})`,
  MM: '(?<month>[0-9]{2})',
  M: '(?<month>[0-9]{1,2})',
  dd: '(?<day>[0-9]{2})',
  d: '(?<day>[0-9]{1,2})',
  HH: '(?<hour>[0-9]{2})',
  hh: '(?<hour>[0-9]{2})',
  mm: '(?<minute>[0-9]{2})',
  ss: '(?<second>[0-9]{2})',
  a: '(?<half>am|pm)',
  XXX: '(?<offset>z|[+-][0-9]{2}:[0-9]{2})',
};

/** `dd/MM/yyyy` as an expression whose groups are the fields. */
function expression(pattern: string): RegExp {
  const parts = pattern.match(/'[^']*'|([a-zA-Z])\1*|[^a-zA-Z']+/g) ?? [];
  const source = parts.map((part) => TOKENS[part] ?? part.replaceAll("'", '').replace(/[.+?()]/g, '\\$&'));
  return new RegExp(`^${source.join('')}$`, 'i');
}

const ISO_DAY = /^(?<year>\d{4})-(?<month>\d{2})-(?<day>\d{2})$/;
const ISO_TIME =
  /^(?<year>\d{4})-(?<month>\d{2})-(?<day>\d{2})[T ](?<hour>\d{2}):(?<minute>\d{2}):(?<second>\d{2})(\.(?<fraction>\d{1,6})0*)?(?<offset>Z|[+-]\d{2}(:?\d{2})?)?$/;

/** Reads a text by the patterns of a date (`day`) or timestamp column; without patterns by ISO 8601. */
export function readDate(
  text: string,
  patterns: readonly string[],
  kind: 'day' | 'time',
  inZone?: (localSeconds: number) => ZonedTime,
): DateReading {
  const iso = kind === 'day' ? ISO_DAY : ISO_TIME;
  const matches = (patterns.length === 0 ? [iso] : patterns.map(expression)).flatMap((shape) => {
    const match = shape.exec(text);
    return match === null ? [] : [match.groups ?? {}];
  });
  if (matches.length === 0) return { kind: 'other' };
  for (const groups of matches) {
    const own = microsOf(groups);
    if (own === undefined) continue;
    const isLocal = inZone !== undefined && groups.offset === undefined;
    const zoned = isLocal ? inZone(Number((own - (own % 1_000_000n)) / 1_000_000n)) : undefined;
    if (zoned?.kind === 'fault') return zoned;
    const micros = zoned === undefined ? own : BigInt(zoned.seconds) * 1_000_000n + (own % 1_000_000n);
    if (micros < FIRST || micros >= AFTER_LAST) continue;
    const value = microsText(micros);
    return { kind: 'value', text: kind === 'day' ? value.slice(0, value.indexOf('T')) : value };
  }
  return { kind: 'no such day' };
}

function microsOf(groups: Readonly<Record<string, string | undefined>>): bigint | undefined {
  const number = (name: string): number => Number(groups[name] ?? 0);
  const short = number('short');
  const year = groups.year === undefined ? short + (short >= 69 ? 1900 : 2000) : number('year');
  const month =
    groups.name === undefined ? number('month') : MONTHS.indexOf(groups.name.toLowerCase().slice(0, 3)) + 1;
  const day = new Date(0);
  // A month without a day is its first.
  const date = groups.day === undefined ? 1 : number('day');
  day.setUTCFullYear(year, month - 1, date);
  if (day.getUTCMonth() !== month - 1 || day.getUTCDate() !== date) return undefined;
  let hour = number('hour');
  if (groups.half !== undefined) {
    if (hour < 1 || hour > 12) return undefined;
    hour = (hour % 12) + (groups.half.toLowerCase() === 'pm' ? 12 : 0);
  }
  if (hour > 23 || number('minute') > 59 || number('second') > 59) return undefined;
  if (groups.year === '0000') return undefined;
  const shift = offsetSeconds(groups.offset);
  if (shift === undefined) return undefined;
  const seconds = BigInt(hour * 3600 + number('minute') * 60 + number('second') - shift);
  const fraction = BigInt((groups.fraction ?? '').padEnd(6, '0'));
  const micros = BigInt(day.getTime()) * 1000n + seconds * 1_000_000n + fraction;
  return micros >= FIRST && micros < AFTER_LAST ? micros : undefined;
}

/** The years 1 to 9999, in UTC. */
const FIRST = -62_135_596_800_000_000n;
const AFTER_LAST = 253_402_300_800_000_000n;

/** Undefined where there is no such offset: past 18 hours, or with 60 minutes. */
function offsetSeconds(offset: string | undefined): number | undefined {
  const match = /^([+-])(\d{2}):?(\d{2})?$/.exec(offset ?? '');
  if (match === null) return 0;
  const minutes = Number(match[3] ?? 0);
  const size = Number(match[2]) * 3600 + minutes * 60;
  if (minutes > 59 || size > 18 * 3600) return undefined;
  return match[1] === '-' ? -size : size;
}
