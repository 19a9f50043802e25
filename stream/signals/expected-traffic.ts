import { z } from 'zod';

const DAYS = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'] as const;

const TimeOfDay = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'is no time of day: write 08:00');

/** When events of a dataset are expected; in UTC. Where `to` isn't later than `from`, it ends on the next day. */
export const ExpectedTraffic = z
  .array(
    z.strictObject({
      days: z
        .array(z.enum(DAYS))
        .min(1)
        .max(7)
        .exactOptional()
        .meta({ description: 'every day unless said' }),
      from: TimeOfDay,
      to: TimeOfDay,
    }),
  )
  .min(1)
  .max(50);
export type ExpectedTraffic = z.infer<typeof ExpectedTraffic>;

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** Whether events are expected all the time from one moment to another; minutes count as a whole. */
export function isExpected(traffic: ExpectedTraffic, fromMs: number, toMs: number): boolean {
  for (let ms = fromMs; ms < toMs; ms += MINUTE_MS) if (!isExpectedAt(traffic, ms)) return false;
  return isExpectedAt(traffic, toMs);
}

function isExpectedAt(traffic: ExpectedTraffic, ms: number): boolean {
  return traffic.some(({ days = DAYS, from, to }) => {
    const [begin, end] = [minuteOf(from), minuteOf(to)];
    const isOn = (dayMs: number): boolean => days.some((day) => day === DAYS[new Date(dayMs).getUTCDay()]);
    const minute = Math.floor((ms % DAY_MS) / MINUTE_MS);
    if (begin < end) return isOn(ms) && minute >= begin && minute < end;
    return (isOn(ms) && minute >= begin) || (isOn(ms - DAY_MS) && minute < end);
  });
}

const minuteOf = (text: string): number => Number(text.slice(0, 2)) * 60 + Number(text.slice(3));
