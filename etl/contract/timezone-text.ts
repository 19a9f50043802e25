import type { ColumnTimezone } from './contract.ts';

/** The zone in which a column's local times are read, in words: `UTC`, `Europe/London`, `the zone in site_zone, else Europe/London`. */
export function zoneText(timezone: ColumnTimezone | undefined): string {
  if (timezone === undefined) return 'UTC';
  const { column, default: zone } = timezone;
  if (column === undefined) return zone ?? 'no zone';
  return zone === undefined ? `the zone in ${column}` : `the zone in ${column}, else ${zone}`;
}

/** What readers should know of a column's times: in the source they are local, in the table UTC. Empty where both are UTC. */
export function zoneNote(timezone: ColumnTimezone | undefined): string {
  if (timezone === undefined) return '';
  const source = timezone.column ?? timezone.default;
  return source === undefined
    ? 'In the source each time has its offset; here it is UTC.'
    : `In the source it is the local time of ${zoneText(timezone)}; here it is UTC.`;
}
