/** How long records are kept: days, months or years of the calendar. */
export interface LegalTerm {
  readonly count: number;
  readonly unit: 'd' | 'm' | 'y';
}

/** `90d`, `18m` (months), `7y`; undefined for anything else. */
export function readLegalTerm(text: string): LegalTerm | undefined {
  const [, count = '', unit = ''] = /^(\d{1,4})([dmy])$/.exec(text) ?? [];
  return count === '' ? undefined : { count: Number(count), unit: unit as LegalTerm['unit'] };
}

const DAY_MS = 86_400_000;

/** The moment that lies a term before another, in UTC: the last day of a month that has no such day. */
export function termBefore(now: Date, { count, unit }: LegalTerm): Date {
  if (unit === 'd') return new Date(now.getTime() - count * DAY_MS);
  const months = unit === 'y' ? count * 12 : count;
  const [year, month] = [now.getUTCFullYear(), now.getUTCMonth() - months];
  const lastDay = new Date(Date.UTC(year, month + 1, 0)).getUTCDate();
  const then = new Date(now);
  then.setUTCFullYear(year, month, Math.min(now.getUTCDate(), lastDay));
  return then;
}
