import { createHash } from 'node:crypto';
import moment from 'moment-timezone';

/**
 * The rules of time zones. They come from the npm package moment-timezone, which carries IANA's data, so that every
 * version of Node and every system reads a time in the same way: never from Intl or DuckDB, whose data differ.
 */

/** From `at` on, in seconds of Unix time, clocks are `offset` seconds ahead of UTC. */
export interface ClockChange {
  readonly at: number;
  readonly offset: number;
}

/** The release of IANA's data, such as `2026f`. */
export const RULES_VERSION: string = moment.tz.dataVersion;

let known: ReadonlyMap<string, string> | undefined;

/** IANA's names of zones, by themselves in lower case. */
export function zoneNames(): ReadonlyMap<string, string> {
  known ??= new Map(moment.tz.names().map((name) => [name.toLowerCase(), name]));
  return known;
}

/** Whether a text is the name of a zone, in IANA's spelling. */
export function isZoneName(text: string): boolean {
  return zoneNames().get(text.toLowerCase()) === text;
}

/**
 * A zone's changes in order, of which the first is from the beginning of time. They end in 2499; after 2090 they are the
 * same every 400 years. Throws RangeError for a zone that there is not.
 */
export function clockChanges(zone: string): readonly ClockChange[] {
  const found = moment.tz.zone(zone);
  if (found === null) throw new RangeError(`there is no time zone ${zone}`);
  const { offsets, untils } = found;
  // The package has minutes that are west of Greenwich, and each span by its end, in milliseconds.
  return offsets.map((minutes, n) => ({
    at: n === 0 ? Number.NEGATIVE_INFINITY : (untils[n - 1] ?? 0) / 1000,
    offset: Math.round(minutes * -60) + 0,
  }));
}

/** A digest of a zone's rules: it changes when IANA changes them, and not with every release. */
export function rulesDigest(zone: string): string {
  const changes = clockChanges(zone).map(({ at, offset }) => `${at} ${offset}`);
  return createHash('sha256').update(changes.join('\n')).digest('hex').slice(0, 16);
}
