/** How a number is shown: as one, or as a day, a time, or both. */
export type NumberKind = 'number' | 'date' | 'time' | 'datetime';

/** Formats that every spreadsheet has (ECMA-376, 18.8.30), as far as they show days and times. */
const BUILT_IN: Readonly<Record<number, NumberKind>> = {
  ...Object.fromEntries([14, 15, 16, 17].map((id) => [id, 'date'])),
  ...Object.fromEntries([18, 19, 20, 21, 45, 46, 47].map((id) => [id, 'time'])),
  22: 'datetime',
  // Those of East Asia.
  ...Object.fromEntries([27, 28, 29, 30, 31, 36, 50, 51, 52, 53, 54, 57, 58].map((id) => [id, 'date'])),
  ...Object.fromEntries([32, 33, 34, 35, 55, 56].map((id) => [id, 'time'])),
};

/** What a number format shows, by its id and its code where it is the workbook's own. */
export function numberKind(id: number, code: string | undefined): NumberKind {
  if (code === undefined) return BUILT_IN[id] ?? 'number';
  const bare = (code.split(';')[0] ?? '')
    .replace(/"[^"]*"|\\.|_.|\*./g, '')
    .replace(/\[(?!h+\]|m+\]|s+\])[^\]]*\]/gi, '')
    .replace(/general/gi, '')
    .toLowerCase();
  const hasTime = /[hs]|\[m/.test(bare);
  const hasDay = /[yd]/.test(bare) || (!hasTime && /m/.test(bare));
  if (hasDay) return hasTime ? 'datetime' : 'date';
  return hasTime ? 'time' : 'number';
}

const DAY_MS = 86_400_000;

/** Day 0 of a workbook that counts from 1900, as Excel counts from March 1900 on; and of one that counts from 1904. */
const [EPOCH_1900, EPOCH_1904] = [Date.UTC(1899, 11, 30), Date.UTC(1904, 0, 1)];

/** Behind 9999-12-31 there is no day. */
const DAYS = 2_958_466;

/**
 * A number as it stands in a cell, as text: days as `2024-01-31`, with a time of day as `2024-01-31T13:45:00`, times alone
 * as `13:45:00`, to the millisecond; other numbers as the shortest decimal that is the same double. Excel counts a 29
 * February 1900 that never was: it is given as such, and what stands before it is a day earlier than elsewhere.
 */
export function numberText(raw: string, kind: NumberKind, is1904: boolean): string {
  const value = Number(raw);
  if (raw.trim() === '' || !Number.isFinite(value)) return raw;
  if (kind === 'number' || value < 0 || value >= DAYS) return decimalText(value);
  const ms = Math.round(value * DAY_MS);
  if (kind === 'time') return timeText(ms);
  const [day, time] = [Math.floor(ms / DAY_MS), ms % DAY_MS];
  const date = dayText(day, is1904);
  return kind === 'date' && time === 0 ? date : `${date}T${timeText(time)}`;
}

function dayText(day: number, is1904: boolean): string {
  if (!is1904 && day === 60) return '1900-02-29';
  if (!is1904 && day === 0) return '1900-01-00';
  const epoch = is1904 ? EPOCH_1904 : EPOCH_1900;
  const shift = !is1904 && day < 60 ? 1 : 0;
  return new Date(epoch + (day + shift) * DAY_MS).toISOString().slice(0, 10);
}

function timeText(ms: number): string {
  const two = (n: number): string => String(n).padStart(2, '0');
  const seconds = Math.floor(ms / 1000);
  const fraction = ms % 1000 === 0 ? '' : `.${String(ms % 1000).padStart(3, '0')}`;
  return `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}${fraction}`;
}

/** The shortest decimal of a double, without an exponent. */
export function decimalText(value: number): string {
  const text = String(value);
  const [, sign = '', whole = '', part = '', exponent] =
    /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/.exec(text) ?? [];
  if (exponent === undefined) return text;
  const digits = whole + part;
  const point = whole.length + Number(exponent);
  if (point <= 0) return `${sign}0.${'0'.repeat(-point)}${digits}`;
  return point >= digits.length
    ? `${sign}${digits}${'0'.repeat(point - digits.length)}`
    : `${sign}${digits.slice(0, point)}.${digits.slice(point)}`;
}
