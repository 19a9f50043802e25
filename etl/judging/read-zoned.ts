import type { ColumnTimezone, ContractColumn } from '../contract/contract.ts';
import { type LocalOffset, type LocalSpan, localSpans } from '../timezones/local-spans.ts';
import { offsetSeconds } from '../timezones/offsets.ts';
import { clockChanges, zoneNames } from '../timezones/rules.ts';
import { instant, type LocalTime, localReader } from './read-date.ts';
import { OTHER, OUT, type Reading } from './value.ts';

/** Why a local time is no instant: no zone is known, or none of that name; clocks skipped it, or it came twice. */
export type ZoneFault = 'none' | 'unknown' | 'skipped' | 'repeated';

/** What a time in a zone is. */
export interface ZonedReading {
  readonly reading: Reading;
  readonly fault?: ZoneFault;
}

/** The rules list every change up to 2490. From 2090 on they are the same every 400 years, of so many days. */
const [LISTED_UNTIL, CYCLE_YEARS, CYCLE_DAYS] = [2490, 400, 146_097];

/** Reads the times of a column whose zone stands in the contract or beside the time; `zone` is that text, trimmed. */
export function zonedReader(
  { formats }: Pick<ContractColumn, 'formats'>,
  timezone: ColumnTimezone,
): (text: string, zone: string | undefined) => ZonedReading {
  const read = localReader(formats, 'timestamptz');
  const offsetIn = zoneOffsets(timezone);
  return (text, zone) => {
    const found = read(text);
    if (typeof found === 'string') return { reading: found === 'out' ? OUT : OTHER };
    if (found.offset !== undefined) return { reading: instant(found, found.offset) };
    const name = zone ?? timezone.default;
    const offset = name === undefined ? 'none' : offsetIn(name, found);
    return typeof offset === 'string' ? { reading: OUT, fault: offset } : { reading: instant(found, offset) };
  };
}

/** The offsets of local times in zones, each zone's rules read once. */
function zoneOffsets(timezone: ColumnTimezone): (zone: string, time: LocalTime) => number | ZoneFault {
  const known = new Map<string, readonly LocalSpan[] | number | undefined>();
  const zoneOf = (text: string): readonly LocalSpan[] | number | undefined => {
    const fixed = offsetSeconds(text.toUpperCase());
    if (fixed !== undefined) return fixed;
    const name = zoneNames().get(text.toLowerCase());
    return name === undefined ? undefined : localSpans(clockChanges(name), timezone);
  };
  return (zone, time) => {
    if (!known.has(zone)) known.set(zone, zoneOf(zone));
    const rules = known.get(zone);
    if (rules === undefined) return 'unknown';
    return typeof rules === 'number' ? rules : offsetOf(spanAt(rules, listedSeconds(time)));
  };
}

const offsetOf = (offset: LocalOffset): number | ZoneFault =>
  offset.kind === 'offset' ? offset.seconds : offset.kind;

/** A local time moved into the years that the rules list. */
function listedSeconds({ seconds }: LocalTime): number {
  const year = new Date(seconds * 1000).getUTCFullYear();
  if (year < LISTED_UNTIL) return seconds;
  const cycles = Math.floor((year - (LISTED_UNTIL - CYCLE_YEARS)) / CYCLE_YEARS);
  return seconds - cycles * CYCLE_DAYS * 86_400;
}

/** The last span that begins at a time or before it, by binary search. */
function spanAt(spans: readonly LocalSpan[], seconds: number): LocalOffset {
  let [low, high] = [0, spans.length];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (seconds < (spans[middle]?.from ?? Number.POSITIVE_INFINITY)) high = middle;
    else low = middle;
  }
  return spans[low]?.offset ?? { kind: 'skipped' };
}
