import { literal } from '../engine/sql.ts';
import { type Choices, type LocalOffset, localSpans } from '../timezones/local-spans.ts';
import { offsetSeconds } from '../timezones/offsets.ts';
import { clockChanges, zoneNames } from '../timezones/rules.ts';
import type { ContractColumn, SourceContract } from './contract.ts';
import { inYears, localTimeSql, timeWithOffsetSql } from './date-sql.ts';
import { type ZoneReading, type ZoneReadings, zonedColumns } from './zone-readings.ts';

/**
 * SQL that reads local times. Its steps add columns for each timestamp column n: `l$n` is the local time as it is written,
 * `z$n` the zone from the column beside it, `p$n` the local time moved into the years that the rules list, and `o$n` the
 * offset in seconds, or a FAULT.
 */
const localName = (index: number): string => `"l$${index}"`;
const zoneName = (index: number): string => `"z$${index}"`;
const listedName = (index: number): string => `"p$${index}"`;
/** SQL name of a time's offset; NULL where the text is no local time. */
export const offsetName = (index: number): string => `"o$${index}"`;

/** Codes that replace the offset, in seconds, of a local time without one. */
export const FAULT = {
  none: 1_000_000,
  unknown: 1_000_001,
  skipped: 1_000_002,
  repeated: 1_000_003,
} as const;

/** The steps that find offsets, to stand behind the step `trimmed`; none where the contract knows no zones. */
export function zoneSteps(
  contract: Pick<SourceContract, 'columns'>,
  readings: ZoneReadings,
  textOf: (index: number) => string,
): { readonly steps: string[]; readonly from: string } {
  const zoned = zonedColumns(contract);
  if (zoned.length === 0) return { steps: [], from: 'trimmed' };
  const local = zoned.flatMap(({ column, index }) => {
    const field = readings.get(column.name)?.field;
    return [
      `${localTimeSql(textOf(index), column.formats)} AS ${localName(index)}`,
      ...(field === undefined ? [] : [`lower(${field.text}) AS ${zoneName(index)}`]),
    ];
  });
  const listed = zoned.map(({ index }) => `${listedSql(localName(index))} AS ${listedName(index)}`);
  const offsets = zoned.map(
    ({ column, index }) => `${offsetSql(column, index, readings.get(column.name))} AS ${offsetName(index)}`,
  );
  return {
    steps: [
      `, local AS (SELECT *, ${local.join(', ')} FROM trimmed)`,
      `, listed AS (SELECT *, ${listed.join(', ')} FROM local)`,
      `, zoned AS (SELECT *, ${offsets.join(', ')} FROM listed)`,
    ],
    from: 'zoned',
  };
}

/** SQL of a column's instants, over the steps before. */
export function zonedValueSql({ formats }: ContractColumn, index: number, text: string): string {
  const [local, offset] = [localName(index), offsetName(index)];
  const shifted = `CAST(make_timestamp(epoch_us(${local}) - ${offset} * CAST(1000000 AS BIGINT)) AS TIMESTAMPTZ)`;
  const value = `CASE WHEN ${offset} < ${FAULT.none} THEN ${shifted} END`;
  return `CASE WHEN ${local} IS NULL THEN ${timeWithOffsetSql(text, formats)} ELSE ${inYears(text, value)} END`;
}

/** The rules list every change up to here. From 2090 on they are the same every 400 years, which are so many days. */
const LISTED_UNTIL = 2490;
const CYCLE_YEARS = 400;
const CYCLE_DAYS = 146_097;

function listedSql(local: string): string {
  const cycles = `(year(${local}) - ${LISTED_UNTIL - CYCLE_YEARS}) // ${CYCLE_YEARS}`;
  return `CASE WHEN ${local} >= TIMESTAMP '${LISTED_UNTIL}-01-01' THEN ${local} - to_days(CAST(${CYCLE_DAYS} * (${cycles}) AS INTEGER)) ELSE ${local} END`;
}

function listedYear(year: number): number {
  const first = LISTED_UNTIL - CYCLE_YEARS;
  return year < LISTED_UNTIL ? year : first + ((year - first) % CYCLE_YEARS);
}

function offsetSql({ timezone }: ContractColumn, index: number, reading: ZoneReading | undefined): string {
  const choices = timezone ?? { gap: 'reject', fold: 'reject' };
  const { field, zones } = reading ?? { zones: [] };
  const ofDefault = zones.find(({ zone }) => zone === null);
  const inDefault =
    timezone?.default === undefined
      ? String(FAULT.none)
      : zoneSql(timezone.default, index, { choices, years: ofDefault?.years ?? [] });
  const cases = zones.flatMap(({ zone, years }) =>
    zone === null
      ? []
      : [`WHEN ${zoneName(index)} = ${literal(zone)} THEN ${zoneSql(zone, index, { choices, years })}`],
  );
  const missing =
    field === undefined ? `ELSE ${inDefault}` : `WHEN ${zoneName(index)} IS NULL THEN ${inDefault}`;
  const unknown = field === undefined ? '' : ` ELSE ${FAULT.unknown}`;
  return `CASE WHEN ${localName(index)} IS NULL THEN NULL ${missing} ${cases.join(' ')}${unknown} END`;
}

interface InZone {
  readonly choices: Choices;
  readonly years: readonly number[];
}

/** SQL of a local time's offset in a zone, right for the years in question. */
function zoneSql(zone: string, index: number, { choices, years }: InZone): string {
  const fixed = offsetSeconds(zone.toUpperCase());
  if (fixed !== undefined) return String(fixed);
  const name = zoneNames().get(zone.toLowerCase());
  if (name === undefined) return String(FAULT.unknown);
  const inUse = new Set(years.map(listedYear));
  const spans = localSpans(clockChanges(name), choices);
  const asked = spans.filter(({ from }, n) => {
    const first = yearOf(from);
    const last = yearOf((spans[n + 1]?.from ?? Number.POSITIVE_INFINITY) - 1);
    return [...inUse].some((year) => first <= year && year <= last);
  });
  return asked.length === 0 ? String(FAULT.unknown) : spansSql(asked, listedName(index));
}

function yearOf(seconds: number): number {
  return Number.isFinite(seconds) ? new Date(seconds * 1000).getUTCFullYear() : seconds;
}

/** A binary search as nested CASEs: DuckDB evaluates only the branches that some record needs. */
function spansSql(
  spans: readonly { readonly from: number; readonly offset: LocalOffset }[],
  time: string,
): string {
  const middle = spans.length >> 1;
  const at = spans[middle];
  if (middle === 0 || at === undefined) return offsetOf(spans[0]?.offset ?? { kind: 'skipped' });
  const from = new Date(at.from * 1000).toISOString().slice(0, 19).replace('T', ' ');
  const halves = [spans.slice(0, middle), spans.slice(middle)].map((half) => spansSql(half, time));
  return `CASE WHEN ${time} < TIMESTAMP '${from}' THEN ${halves[0]} ELSE ${halves[1]} END`;
}

function offsetOf(offset: LocalOffset): string {
  return String(offset.kind === 'offset' ? offset.seconds : FAULT[offset.kind]);
}
