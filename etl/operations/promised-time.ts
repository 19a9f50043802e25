import type { ServiceLevel } from '../contract/contract.ts';

const UNITS: Readonly<Record<string, 'minute' | 'hour' | 'day' | 'week' | 'month' | 'quarter' | 'year'>> = {
  min: 'minute',
  minute: 'minute',
  minutes: 'minute',
  h: 'hour',
  hr: 'hour',
  hour: 'hour',
  hours: 'hour',
  d: 'day',
  day: 'day',
  days: 'day',
  w: 'week',
  week: 'week',
  weeks: 'week',
  month: 'month',
  months: 'month',
  quarter: 'quarter',
  quarters: 'quarter',
  y: 'year',
  yr: 'year',
  year: 'year',
  years: 'year',
};

const HOUR_MS = 3_600_000;

/** `d` and `days` → `day`; undefined of a unit that is none of time, or is not known for sure. */
export const unitOf = (unit: string | undefined) => UNITS[(unit ?? '').toLowerCase()];

/**
 * The moment by which a promise of so much time after a moment is due; months and years by the calendar. Undefined where
 * the promise is no length of time, or its unit is unknown (`m` is both minutes and months to people, so it is).
 */
export function dueAt(from: Date, { value, unit }: ServiceLevel): Date | undefined {
  const length = Number(value);
  const known = unitOf(unit);
  if (known === undefined || !Number.isFinite(length) || length <= 0) return undefined;
  const due = new Date(from);
  if (known === 'month') due.setUTCMonth(due.getUTCMonth() + length);
  else if (known === 'quarter') due.setUTCMonth(due.getUTCMonth() + 3 * length);
  else if (known === 'year') due.setUTCFullYear(due.getUTCFullYear() + length);
  else {
    const hours = { minute: 1 / 60, hour: 1, day: 24, week: 168 }[known];
    due.setTime(due.getTime() + length * hours * HOUR_MS);
  }
  return due;
}
