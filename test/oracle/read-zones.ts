import type { ColumnTimezone, ReasonCode } from '../../etl/contract/contract.ts';
import type { ZonedTime } from './read-dates.ts';

/**
 * Zones of which every Node's Intl knows the same rules for the years that files are made of. All others are judged by
 * Python, in test/timezones.
 */
export const ZONES = [
  'Europe/London',
  'America/New_York',
  'Asia/Kolkata',
  'Australia/Lord_Howe',
  'Europe/Dublin',
  'Pacific/Apia',
] as const;

const fault = (code: ReasonCode): ZonedTime => ({ kind: 'fault', code });

/** What a local time is, in seconds, in the zone that stands beside it or else the default one. */
export function zoned(local: number, timezone: ColumnTimezone, beside: string | null): ZonedTime {
  const zone = beside ?? timezone.default;
  if (zone === undefined) return fault(timezone.column === undefined ? 'FORMAT_ERROR' : 'NULL_VALUE');
  const ahead = offsetsOf(zone);
  if (ahead === undefined) return fault('DOMAIN_ERROR');
  const DAY = 86_400;
  // Offsets that may hold are those of the days around; one does where clocks show the local time under it.
  const near = [...new Set([ahead(local - DAY), ahead(local + DAY), ahead(local)])].sort((a, b) => b - a);
  const right = near.filter((offset) => ahead(local - offset) === offset);
  if (right.length === 1) return { kind: 'instant', seconds: local - (right[0] ?? 0) };
  const choice = right.length > 1 ? timezone.fold : timezone.gap;
  if (choice === 'reject') return fault('RANGE_ERROR');
  const candidates = right.length > 1 ? right : [ahead(local - DAY), ahead(local + DAY)];
  const offset = choice === 'earlier' ? Math.max(...candidates) : Math.min(...candidates);
  return { kind: 'instant', seconds: local - offset };
}

/** Seconds ahead of UTC by instant; undefined for a zone that there isn't. */
function offsetsOf(zone: string): ((instant: number) => number) | undefined {
  if (/^z$/i.test(zone)) return () => 0;
  const [match, sign, hours, , minutes = '0'] = /^([+-])(\d\d)(:?(\d\d))?$/.exec(zone) ?? [];
  if (match !== undefined) {
    const size = Number(hours) * 3600 + Number(minutes) * 60;
    if (Number(minutes) > 59 || size > 18 * 3600) return undefined;
    return () => (sign === '-' ? -size : size);
  }
  const name = ZONES.find((one) => one.toLowerCase() === zone.toLowerCase());
  return name === undefined ? undefined : (instant) => intlOffset(name, instant);
}

const formats = new Map<string, Intl.DateTimeFormat>();

function intlOffset(timeZone: string, instant: number): number {
  const format =
    formats.get(timeZone) ??
    new Intl.DateTimeFormat('en', {
      ...{ timeZone, hourCycle: 'h23', era: 'short' },
      ...{
        year: 'numeric',
        month: 'numeric',
        day: 'numeric',
        hour: 'numeric',
        minute: 'numeric',
        second: 'numeric',
      },
    });
  formats.set(timeZone, format);
  const parts = new Map(format.formatToParts(instant * 1000).map(({ type, value }) => [type, value]));
  const part = (type: Intl.DateTimeFormatPartTypes): number => Number(parts.get(type));
  const shown = new Date(0);
  shown.setUTCFullYear(part('year'), part('month') - 1, part('day'));
  shown.setUTCHours(part('hour'), part('minute'), part('second'));
  return shown.getTime() / 1000 - instant;
}
