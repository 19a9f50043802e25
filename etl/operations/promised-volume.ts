import { type Engine, integerOf } from '../engine/engine.ts';
import { literal } from '../engine/sql.ts';

/** Calendar periods over which a volume can be promised. */
export const PERIODS = ['hour', 'day', 'week', 'month', 'year'] as const;
export type Period = (typeof PERIODS)[number];

const SPELLINGS: Readonly<Record<string, Period>> = {
  h: 'hour',
  hr: 'hour',
  hours: 'hour',
  d: 'day',
  days: 'day',
  w: 'week',
  weeks: 'week',
  months: 'month',
  y: 'year',
  yr: 'year',
  years: 'year',
};

/** `d`, `day`, `days` → `day`; undefined for what is no period (`m` is both minutes and months to people). */
export function periodOf(unit: string | undefined): Period | undefined {
  const text = (unit ?? '').toLowerCase();
  return PERIODS.find((period) => period === text) ?? SPELLINGS[text];
}

/** A period of the calendar, UTC: from its start up to, not including, its end. */
export interface Span {
  readonly from: Date;
  readonly to: Date;
}

/** The period that a moment lies in (`back` 0), or one so many before; weeks begin on Monday. */
export function spanOf(period: Period, at: Date, back: number): Span {
  const start = new Date(at);
  start.setUTCMinutes(0, 0, 0);
  if (period !== 'hour') start.setUTCHours(0);
  if (period === 'week') start.setUTCDate(start.getUTCDate() - ((start.getUTCDay() + 6) % 7));
  if (period === 'month' || period === 'year') start.setUTCDate(1);
  if (period === 'year') start.setUTCMonth(0);
  return { from: moved(start, period, -back), to: moved(start, period, 1 - back) };
}

function moved(start: Date, period: Period, by: number): Date {
  const date = new Date(start);
  if (period === 'hour') date.setUTCHours(date.getUTCHours() + by);
  else if (period === 'day') date.setUTCDate(date.getUTCDate() + by);
  else if (period === 'week') date.setUTCDate(date.getUTCDate() + 7 * by);
  else if (period === 'month') date.setUTCMonth(date.getUTCMonth() + by);
  else date.setUTCFullYear(date.getUTCFullYear() + by);
  return date;
}

/** The volume of a time: records tested, those of them that were new, and those that failed. */
export interface Volume {
  readonly tested: number;
  /** Without those that stood in Silver already. */
  readonly fresh: number;
  readonly failed: number;
}

/**
 * Records of the source files first read in a time, as their last reading counted them. Rereading a file or retrying
 * records adds no volume. `ledger` is a table expression of the ledger's rows without those of retries.
 */
export async function volumeIn(engine: Engine, ledger: string, { from, to }: Span): Promise<Volume> {
  const [row = {}] = await engine.rows(
    `SELECT coalesce(sum(tested), 0)::BIGINT AS tested, coalesce(sum(tested - repeats), 0)::BIGINT AS fresh, coalesce(sum(failed), 0)::BIGINT AS failed FROM (
       SELECT min(processed_at) AS first_at, arg_max(records - blank - coalesce(footer, 0) - coalesce(forgotten, 0), processed_at) AS tested,
         arg_max(coalesce(repeats, 0), processed_at) AS repeats, arg_max(quarantined + condemned, processed_at) AS failed
       FROM ${ledger} WHERE status = 'accepted' GROUP BY source_file_id
     ) WHERE first_at >= ${at(from)} AND first_at < ${at(to)}`,
  );
  return {
    tested: integerOf(row, 'tested'),
    fresh: integerOf(row, 'fresh'),
    failed: integerOf(row, 'failed'),
  };
}

const at = (date: Date): string => `CAST(${literal(date.toISOString())} AS TIMESTAMPTZ)`;
