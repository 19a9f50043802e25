import { Buffer } from 'node:buffer';
import type { ContractColumn } from '../contract/contract.ts';
import { type DateField, type DatePart, readDatePattern } from '../contract/date-pattern.ts';
import type { CellBytes } from './cell-bytes.ts';
import { trimBlanks } from './subject-id.ts';

/** What reading a moment needs of a column. */
export type MomentColumn = Pick<ContractColumn, 'type' | 'formats'>;

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const LONG_MONTHS = 'january|february|march|april|may|june|july|august|september|october|november|december';
const OFFSET = 'Z|[+-]\\d{2}(?::?\\d{2})?';
const ISO_DAY = '(?<year>\\d{4})-(?<month>\\d{2})-(?<day>\\d{2})';
const ISO_TIME = `${ISO_DAY}[T ](?<hour>\\d{2}):(?<minute>\\d{2}):(?<second>\\d{2})(?:\\.\\d+)?(?<offset>${OFFSET})?`;

/** Texts of each field that is no number. */
const WORDS: Readonly<Partial<Record<DateField, readonly [short: string, long: string]>>> = {
  monthName: [MONTHS.join('|'), LONG_MONTHS],
  weekday: ['mon|tue|wed|thu|fri|sat|sun', '(?:mon|tues|wednes|thurs|fri|satur|sun)day'],
  halfday: ['am|pm', 'am|pm'],
  offset: [OFFSET, 'Z|[+-]\\d{2}:\\d{2}'],
};

/**
 * What reads the time in a cell of a date or timestamp column, to the second, as the contract's formats do; undefined where
 * it is none. A time without an offset is taken as UTC, whatever zone the contract names: it says a month, and what is
 * older than what, and must say the same when rules of zones change.
 */
export function momentReader(column: MomentColumn): (cell: string) => Date | undefined {
  const { type, formats } = column;
  const iso = type.kind === 'date' ? ISO_DAY : ISO_TIME;
  const shapes = (formats.length === 0 ? [iso] : formats.map((format) => shapeOf(format) ?? iso)).map(
    (shape) => new RegExp(`^(?:${shape})$`, 'i'),
  );
  const isUsual = isReadAsUsual(column);
  const read = (cell: string): Date | undefined => {
    const text = trimBlanks(cell);
    const usual = isUsual ? usualMoment(text) : undefined;
    if (usual !== undefined) return usual;
    for (const shape of shapes) {
      const fields = shape.exec(text)?.groups;
      const moment = fields === undefined ? undefined : momentOf(fields);
      if (moment !== undefined) return moment;
    }
    return undefined;
  };
  // One cell is mostly asked for twice: for its period, and for its age.
  let last: { readonly cell: string; readonly moment: Date | undefined } = { cell: '', moment: read('') };
  return (cell) => {
    if (cell !== last.cell) last = { cell, moment: read(cell) };
    return last.moment;
  };
}

/** Whether `2024-05-01T12:30:00Z` in a column's cell is the time that it says. */
export const isReadAsUsual = ({ type, formats }: MomentColumn): boolean =>
  type.kind !== 'date' && formats.length === 0;

function usualMoment(text: string): Date | undefined {
  if (text.length !== USUAL.length) return undefined;
  const bytes = Buffer.from(text);
  const ms = usualMomentMs({ bytes, start: 0, end: bytes.length });
  return Number.isNaN(ms) ? undefined : new Date(ms);
}

const USUAL = '0000-00-00T00:00:00Z';

/** Days that a month has in every year. */
const SURE_DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/**
 * The time that `2024-05-01T12:30:00Z` says, at a tenth of the time that an expression takes; NaN for any other text, and
 * where a calendar is needed to tell whether there is such a day.
 */
export function usualMomentMs({ bytes, start, end }: CellBytes): number {
  if (end - start !== USUAL.length || bytes[start + 10] !== LETTER_T || bytes[start + 19] !== LETTER_Z)
    return Number.NaN;
  if (bytes[start + 4] !== DASH || bytes[start + 7] !== DASH) return Number.NaN;
  if (bytes[start + 13] !== COLON || bytes[start + 16] !== COLON) return Number.NaN;
  const year = twoAt(bytes, start) * 100 + twoAt(bytes, start + 2);
  const [month, day] = [twoAt(bytes, start + 5), twoAt(bytes, start + 8)];
  const hour = twoAt(bytes, start + 11);
  const [minute, second] = [twoAt(bytes, start + 14), twoAt(bytes, start + 17)];
  const isUsual = year >= 1000 && month >= 1 && month <= 12 && day >= 1 && day <= (SURE_DAYS[month - 1] ?? 0);
  const isTime = hour < 24 && minute < 60 && second < 60;
  return isUsual && isTime ? Date.UTC(year, month - 1, day, hour, minute, second) : Number.NaN;
}

const [DASH, DIGIT, COLON, LETTER_T, LETTER_Z] = [0x2d, 0x30, 0x3a, 0x54, 0x5a];

/** A number of two digits; NaN where something else stands there. */
function twoAt(bytes: Uint8Array, at: number): number {
  const [tens, ones] = [(bytes[at] ?? 0) - DIGIT, (bytes[at + 1] ?? 0) - DIGIT];
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : Number.NaN;
}

/** A pattern as an expression with a group for each field; undefined where it isn't of the JDK's letters: ISO 8601. */
function shapeOf(format: string): string | undefined {
  const read = readDatePattern(format);
  return read.kind === 'pattern' ? read.parts.map(partShape).join('') : undefined;
}

function partShape(part: DatePart): string {
  if (part.kind === 'literal') return part.text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  if (part.kind === 'digits') return `(?<${part.field}>\\d{${part.min},${part.max}})`;
  return `(?<${part.field}>${WORDS[part.field]?.[part.long ? 1 : 0] ?? ''})`;
}

function momentOf(fields: Readonly<Record<string, string | undefined>>): Date | undefined {
  const [year, month, day] = [yearOf(fields), monthOf(fields), Number(fields.day ?? 1)];
  const [hour, minute, second] = [hourOf(fields), Number(fields.minute ?? 0), Number(fields.second ?? 0)];
  const local = new Date(0);
  local.setUTCFullYear(year, month - 1, day);
  local.setUTCHours(hour, minute, second);
  // What rolled over is on no calendar, and no clock.
  const isReal =
    year > 0 &&
    local.getUTCMonth() === month - 1 &&
    local.getUTCDate() === day &&
    hour < 24 &&
    minute < 60 &&
    second < 60;
  return isReal ? new Date(local.getTime() - offsetMs(fields.offset ?? '')) : undefined;
}

/** Two digits are of 1969 to 2068, as POSIX has it. */
function yearOf({ year, shortYear }: Readonly<Record<string, string | undefined>>): number {
  if (shortYear === undefined) return Number(year ?? 0);
  return Number(shortYear) + (Number(shortYear) < 69 ? 2000 : 1900);
}

function monthOf({ month, monthName }: Readonly<Record<string, string | undefined>>): number {
  return monthName === undefined ? Number(month) : MONTHS.indexOf(monthName.slice(0, 3).toLowerCase()) + 1;
}

function hourOf({ hour, hour12, halfday }: Readonly<Record<string, string | undefined>>): number {
  if (hour12 === undefined) return Number(hour ?? 0);
  const isWrong = Number(hour12) < 1 || Number(hour12) > 12;
  return isWrong ? 24 : (Number(hour12) % 12) + (halfday?.toLowerCase() === 'pm' ? 12 : 0);
}

function offsetMs(offset: string): number {
  const [, sign, hours, minutes = '0'] = /^([+-])(\d{2}):?(\d{2})?$/.exec(offset) ?? [];
  return sign === undefined ? 0 : (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000;
}
