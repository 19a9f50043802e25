import type { ContractColumn } from '../contract/contract.ts';
import { type DateField, type DatePart, readDatePattern } from '../contract/date-pattern.ts';
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
export function momentReader({ type, formats }: MomentColumn): (cell: string) => Date | undefined {
  const iso = type.kind === 'date' ? ISO_DAY : ISO_TIME;
  const shapes = (formats.length === 0 ? [iso] : formats.map((format) => shapeOf(format) ?? iso)).map(
    (shape) => new RegExp(`^(?:${shape})$`, 'i'),
  );
  const isUsual = type.kind !== 'date' && formats.length === 0;
  const read = (cell: string): Date | undefined => {
    const text = trimBlanks(cell);
    const usual = isUsual && usualMoment(text);
    if (usual) return usual;
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

/** `2024-05-01T12:30:00Z`, at a tenth of the time that an expression takes; undefined for any other text, and what is on no calendar. */
function usualMoment(text: string): Date | undefined {
  if (text.length !== 20 || text.charAt(10) !== 'T' || text.charAt(19) !== 'Z') return undefined;
  if (text.charAt(4) + text.charAt(7) + text.charAt(13) + text.charAt(16) !== '--::') return undefined;
  const [year, month, day] = [digitsAt(text, 0, 4), digitsAt(text, 5, 2), digitsAt(text, 8, 2)];
  const [hour, minute, second] = [digitsAt(text, 11, 2), digitsAt(text, 14, 2), digitsAt(text, 17, 2)];
  const isUsual = year >= 1000 && month >= 1 && month <= 12 && day >= 1 && day <= 28;
  const isTime = hour >= 0 && hour < 24 && minute >= 0 && minute < 60 && second >= 0 && second < 60;
  return isUsual && isTime ? new Date(Date.UTC(year, month - 1, day, hour, minute, second)) : undefined;
}

/** A number of so many digits; NaN where something else stands there. */
function digitsAt(text: string, at: number, length: number): number {
  let number = 0;
  for (let n = at; n < at + length; n++) {
    const digit = text.charCodeAt(n) - 0x30;
    number = digit >= 0 && digit <= 9 ? number * 10 + digit : Number.NaN;
  }
  return number;
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
