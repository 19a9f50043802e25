import { escapeShape, OFFSETS, WORDS, YEAR } from '../contract/compile-dates.ts';
import { type DatePart, readDatePattern } from '../contract/date-pattern.ts';
import { dateShape, ISO_8601 } from '../contract/date-sql.ts';
import { offsetSeconds } from '../timezones/offsets.ts';
import { OTHER, OUT, type Reading, type ReadText, valueReading } from './value.ts';
import { shapeSource, wholeMatch } from './whole-match.ts';

const DAY_SECONDS = 86_400;
const MILLION = 1_000_000n;
/** The years 1 to 9999, in microseconds of UTC. */
const [FIRST, AFTER_LAST] = [-62_135_596_800n * MILLION, 253_402_300_800n * MILLION];

/** A text's day and time of day as its own clock shows them, and the offset that it has. */
export interface LocalTime {
  /** Seconds as if it were UTC, and microseconds beside them. */
  readonly seconds: number;
  readonly micros: number;
  /** Seconds ahead of UTC; undefined where the text has none. */
  readonly offset: number | undefined;
}

/** What a text is: a time, right in form and none that there is (`out`), or nothing of the kind. */
export type LocalReading = LocalTime | 'out' | 'other';

/** Reads a text by the first of the patterns whose form it has; ISO 8601 without any. */
export function localReader(
  formats: readonly string[],
  kind: 'date' | 'timestamptz',
): (text: string) => LocalReading {
  const iso = kind === 'date' ? 'yyyy-MM-dd' : ISO_8601;
  const patterns = (formats.length === 0 ? [iso] : formats).map(patternReader);
  const looksLike = wholeMatch(dateShape(formats, kind));
  return (text) => {
    for (const read of patterns) {
      const found = read(text);
      if (found !== undefined) return found;
    }
    return looksLike(text) ? 'out' : 'other';
  };
}

/** Reads the days of a column. */
export function dayReader(formats: readonly string[]): ReadText {
  const read = localReader(formats, 'date');
  return (text) => {
    const found = read(text);
    if (typeof found === 'string') return found === 'out' ? OUT : OTHER;
    const day = Math.floor(found.seconds / DAY_SECONDS);
    return valueReading(BigInt(day), dayText(found.seconds));
  };
}

/** Reads the times of a column without zones: those without an offset are UTC. */
export function timeReader(formats: readonly string[]): ReadText {
  const read = localReader(formats, 'timestamptz');
  return (text) => {
    const found = read(text);
    if (typeof found === 'string') return found === 'out' ? OUT : OTHER;
    return instant(found, found.offset ?? 0);
  };
}

/** A local time's instant by an offset; out where that is past the years 1 to 9999. */
export function instant({ seconds, micros }: LocalTime, offset: number): Reading {
  const at = BigInt(seconds - offset) * MILLION + BigInt(micros);
  return at < FIRST || at >= AFTER_LAST ? OUT : valueReading(at, instantText(seconds - offset, micros));
}

/** The microseconds since 1970 of a time in ISO 8601 with Z, as contracts have bounds. */
export const microsOf = (iso: string): bigint => BigInt(Date.parse(iso)) * 1000n;

/** The day since 1970 of a date in ISO 8601. */
export const dayOf = (iso: string): bigint => BigInt(Date.parse(`${iso}T00:00:00Z`) / (DAY_SECONDS * 1000));

const dayText = (seconds: number): string => new Date(seconds * 1000).toISOString().slice(0, 10);

function instantText(seconds: number, micros: number): string {
  return `${new Date(seconds * 1000).toISOString().slice(0, 19)}.${String(micros).padStart(6, '0')}Z`;
}

type Read = (text: string) => LocalTime | 'out' | undefined;

const ISO_PARTS: readonly DatePart[] = (() => {
  const read = readDatePattern('yyyy-MM-dd');
  return read.kind === 'pattern' ? read.parts : [];
})();
const ISO_REST = `[T ]((?:[01][0-9]|2[0-3])):([0-5][0-9]):([0-5][0-9])(?:[.]([0-9]{1,6})0*)?(${OFFSETS[0]})?`;

function patternReader(format: string): Read {
  if (format === ISO_8601) return isoReader();
  const read = readDatePattern(format);
  const parts = read.kind === 'pattern' ? read.parts : [];
  const fields = parts.filter((part) => part.kind !== 'literal');
  const shape = new RegExp(`^${parts.map(groupOf).join('')}$`, 'u');
  return (text) => {
    const found = shape.exec(text);
    if (found === null) return undefined;
    const by = Object.fromEntries(fields.map((part, n) => [part.field, found[n + 1] ?? '']));
    return localTime(by) ?? 'out';
  };
}

function isoReader(): Read {
  const shape = new RegExp(`^${ISO_PARTS.map(groupOf).join('')}${ISO_REST}$`, 'u');
  return (text) => {
    const found = shape.exec(text);
    if (found === null) return undefined;
    const [, year = '', month = '', day = '', hour = '', minute = '', second = '', fraction, offset] = found;
    return (
      localTime({
        ...{ year, month, day, hour, minute, second },
        ...(fraction === undefined ? {} : { fraction }),
        ...(offset === undefined ? {} : { offset }),
      }) ?? 'out'
    );
  };
}

/** A part as a group with its exact shape; a literal as it is. */
function groupOf(part: DatePart): string {
  if (part.kind === 'literal') return escapeShape(part.text);
  if (part.kind === 'digits' && part.field === 'year') return `(${YEAR})`;
  if (part.kind === 'digits') return `([0-9]{${part.min},${part.max}})`;
  const words = part.field === 'offset' ? OFFSETS : (WORDS[part.field] ?? ['', '']);
  return `(${shapeSource(words[part.long ? 1 : 0])})`;
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const short = (name: string): string => name.toLowerCase().slice(0, 3);

type Fields = Readonly<Partial<Record<string, string>>>;

/** The time that fields are; undefined where there is no such day or hour. */
function localTime(fields: Fields): LocalTime | undefined {
  const month =
    fields.monthName === undefined ? Number(fields.month) : MONTHS.indexOf(short(fields.monthName)) + 1;
  // A month without a day is its first.
  const day = fields.day === undefined ? 1 : Number(fields.day);
  const at = new Date(0);
  at.setUTCFullYear(yearOf(fields), month - 1, day);
  if (at.getUTCMonth() !== month - 1 || at.getUTCDate() !== day) return undefined;
  if (fields.weekday !== undefined && WEEKDAYS[at.getUTCDay()] !== short(fields.weekday)) return undefined;
  const hour = hourOf(fields);
  const [minute, second] = [Number(fields.minute ?? 0), Number(fields.second ?? 0)];
  if (hour === undefined || hour > 23 || minute > 59 || second > 59) return undefined;
  return {
    seconds: at.getTime() / 1000 + hour * 3600 + minute * 60 + second,
    micros: Number((fields.fraction ?? '').padEnd(6, '0')),
    offset: fields.offset === undefined ? undefined : offsetSeconds(fields.offset),
  };
}

/** Two digits are of the years 1969 to 2068, as strptime has it. */
function yearOf({ year, shortYear }: Fields): number {
  if (year !== undefined) return Number(year);
  const two = Number(shortYear);
  return two + (two >= 69 ? 1900 : 2000);
}

function hourOf({ hour, hour12, halfday }: Fields): number | undefined {
  if (hour12 === undefined) return Number(hour ?? 0);
  const twelve = Number(hour12);
  if (twelve < 1 || twelve > 12) return undefined;
  return (twelve % 12) + (halfday?.toLowerCase() === 'pm' ? 12 : 0);
}
