import { escapeShape } from '../contract/compile-dates.ts';
import { localTimeSql } from '../contract/date-sql.ts';
import { PLAIN_NUMBER } from '../contract/read-number-format.ts';
import type { Engine } from '../engine/engine.ts';
import { literal } from '../engine/sql.ts';
import { OFFSET_SHAPE } from '../timezones/offsets.ts';
import { zoneNames } from '../timezones/rules.ts';
import { counted, type Note, review, seen, several } from './notes.ts';
import { type ColumnProfile, countWhere } from './profile-column.ts';
import type { ProposedColumn } from './proposal.ts';
import { isEnough } from './type-guess.ts';
import { headerMeaning } from './words.ts';

/** A column with the profile of its values. */
interface Profiled {
  readonly column: ProposedColumn;
  readonly profile: ColumnProfile;
}

/**
 * Says of each timestamp column how its times without an offset are read: by a column that holds time zones, where there
 * is one beside it, else as UTC, which a person should look at.
 */
export async function guessZones(
  engine: Engine,
  columns: readonly ProposedColumn[],
  profiles: readonly ColumnProfile[],
): Promise<ProposedColumn[]> {
  const all = columns.flatMap((column, n) => {
    const profile = profiles[n];
    return profile === undefined ? [] : [{ column, profile }];
  });
  const local = new Map<string, number>();
  for (const { column, profile } of all.filter(({ column }) => column.type.kind === 'timestamptz')) {
    const [found = 0] = await countWhere(engine, [
      `${localTimeSql(profile.text, column.formats)} IS NOT NULL`,
    ]);
    if (found > 0) local.set(column.name, found);
  }
  if (local.size === 0) return [...columns];
  const zones: Profiled[] = [];
  for (const one of all) if (await holdsZones(engine, one)) zones.push(one);
  return all.map(({ column, profile }) => {
    const times = local.get(column.name);
    if (times !== undefined) return withZone(column, { times, profile, zones, columns });
    return zones.some((zone) => zone.column === column) ? asText(column) : column;
  });
}

const ZONE_WORDS = ['timezone', 'zone', 'tz', 'zoneinfo', 'offset', 'utcoffset', 'gmtoffset'];
/** Names that no other column has: `GB`, `Cuba` and `CET` are zones of IANA, too. */
const PLACES = [...zoneNames().values()].filter((name) => name.includes('/'));
const CLEAR = [...PLACES, 'UTC', 'GMT', 'Z'].map(escapeShape).join('|');
const ANY = [...zoneNames().values()].map(escapeShape).join('|');

/** Whether a column's values are zones: such as have no other meaning, or any where its header says so. */
async function holdsZones(engine: Engine, { column, profile }: Profiled): Promise<boolean> {
  if (!['string', 'long'].includes(column.type.kind)) return false;
  const words = column.headers.flatMap((header) => [header.toLowerCase(), ...headerMeaning(header)]);
  const isSaid = words.some((word) => ZONE_WORDS.some((zone) => word === zone || word.endsWith(`_${zone}`)));
  const forms = isSaid ? `(?i:${ANY})|${OFFSET_SHAPE}` : `(?i:${CLEAR})|[+-](?:0[0-9]|1[0-4]):[0-5][0-9]`;
  const matches = (shape: string): string => `regexp_full_match(${profile.text}, ${literal(shape)})`;
  const [zones = 0, utc = 0] = await countWhere(engine, [matches(forms), matches('(?i:UTC|GMT|Z)')]);
  return isEnough(zones, profile) && (isSaid || utc < zones);
}

interface Beside {
  readonly times: number;
  readonly profile: ColumnProfile;
  readonly zones: readonly Profiled[];
  readonly columns: readonly ProposedColumn[];
}

function withZone(column: ProposedColumn, { times, profile, zones, columns }: Beside): ProposedColumn {
  const some = `${counted(times)} of ${counted(profile.values)} times have no offset`;
  const nearest = nearestZone(column, zones, columns);
  if (nearest === undefined) {
    const note = review(
      `${some}; they are read as UTC. If they are local times, add logicalTypeOptions: {defaultTimezone: Europe/London}, with the zone of the place.`,
    );
    return { ...column, notes: [...column.notes, note] };
  }
  const { column: zone, profile: zoneProfile } = nearest;
  const missing: Note[] =
    zoneProfile.values >= profile.values
      ? []
      : [
          review(
            `In ${several(profile.values - zoneProfile.values, 'record')} a time stands without a ${zone.name}; where it has no offset, it would be quarantined, unless logicalTypeOptions: {defaultTimezone: …} names its zone.`,
          ),
        ];
  const note = review(
    `${some}; they are read as local times of the zone in ${zone.name}. Times that clocks skip or show twice are quarantined, unless gap and fold say which are meant.`,
  );
  return { ...column, timezone: { column: zone.name }, notes: [...column.notes, note, ...missing] };
}

/** Of several columns of zones, the one with the most similar name, else the nearest. */
function nearestZone(
  { name }: ProposedColumn,
  zones: readonly Profiled[],
  columns: readonly ProposedColumn[],
): Profiled | undefined {
  const place = (one: string): number => columns.findIndex((column) => column.name === one);
  const common = (other: string): number => {
    const parts = other.split('_');
    const differs = name.split('_').findIndex((part, n) => part !== parts[n]);
    return differs === -1 ? name.split('_').length : differs;
  };
  const distance = (other: string): number => Math.abs(place(other) - place(name));
  return [...zones].sort(
    ({ column: a }, { column: b }) => common(b.name) - common(a.name) || distance(a.name) - distance(b.name),
  )[0];
}

/** Offsets such as `+0200` look like numbers. */
function asText(column: ProposedColumn): ProposedColumn {
  if (column.type.kind === 'string') return column;
  const note = seen('Its values are offsets from UTC, and no numbers.');
  return { ...column, type: { kind: 'string' }, number: PLAIN_NUMBER, notes: [note] };
}
