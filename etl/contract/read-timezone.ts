import type { ColumnType } from '../table/schema.ts';
import { offsetSeconds } from '../timezones/offsets.ts';
import { isZoneName, RULES_VERSION, rulesDigest, zoneNames } from '../timezones/rules.ts';
import type { ColumnOptions } from './column-options.ts';
import type { ColumnTimezone } from './contract.ts';
import type { CustomValue, CustomValues } from './custom-properties.ts';
import { choice, type Fields, matching, readFields, refuseUnknown } from './fields.ts';
import { nearest } from './nearest.ts';
import type { Path, Problems } from './problems.ts';

const CHOICES = choice(['reject', 'earlier', 'later']).optional();
const TIMEZONE = {
  column: matching(/^[a-z][a-z0-9_]*$/, 'write the column that has the zones').optional(),
  gap: CHOICES,
  fold: CHOICES,
} as const;

/** Spellings of UTC in ODCS's defaultTimezone, which is UTC where it is absent. */
const UTC = ['UTC', 'Etc/UTC', 'Z'];

/** A column's place in the contract, and its `assay.timezone`. */
interface Context {
  readonly custom: CustomValues;
  readonly path: Path;
  readonly problems: Problems;
}

/**
 * Reads in which zones a column's times are written: ODCS's `timezone` and `defaultTimezone`, and `assay.timezone`.
 * Undefined where those without an offset are UTC.
 */
export function readTimezone(
  { timezone: haveOffsets = false, defaultTimezone }: ColumnOptions,
  type: ColumnType,
  { custom, path, problems }: Context,
): ColumnTimezone | undefined {
  const given = custom.get('assay.timezone');
  if (type.kind !== 'timestamptz') {
    if (given !== undefined) problems.add(given.path, 'is for timestamp columns; remove it');
    return undefined;
  }
  if (defaultTimezone !== undefined)
    checkZone(defaultTimezone, [...path, 'logicalTypeOptions', 'defaultTimezone'], problems);
  const { column, gap = 'reject', fold = 'reject' } = readGiven(given, problems);
  const isUtc = defaultTimezone === undefined ? !haveOffsets : UTC.includes(defaultTimezone);
  if (column === undefined && isUtc) {
    if (given !== undefined) problems.add(given.path, NOTHING);
    return undefined;
  }
  return {
    ...(defaultTimezone === undefined ? {} : { default: defaultTimezone }),
    ...(column === undefined ? {} : { column }),
    gap,
    fold,
    ...rulesOf(column, defaultTimezone),
  };
}

const NOTHING =
  'says nothing of zones: the times are UTC; write column, or logicalTypeOptions: {defaultTimezone: Europe/London} beside it';

function readGiven(given: CustomValue | undefined, problems: Problems): Partial<Fields<typeof TIMEZONE>> {
  if (given === undefined) return {};
  const { value, path } = given;
  refuseUnknown(value, Object.keys(TIMEZONE), path, {
    problems,
    hint: `use ${Object.keys(TIMEZONE).join(', ')}`,
  });
  return readFields(TIMEZONE, value, path, problems);
}

function rulesOf(
  column: string | undefined,
  zone: string | undefined,
): Pick<ColumnTimezone, 'rules'> | Record<string, never> {
  if (column !== undefined) return { rules: RULES_VERSION };
  return zone !== undefined && isZoneName(zone) ? { rules: rulesDigest(zone) } : {};
}

function checkZone(zone: string, path: Path, problems: Problems): void {
  if (isZoneName(zone) || offsetSeconds(zone) !== undefined) return;
  const meant = nearestZone(zone);
  const near = meant === undefined ? '' : `; did you mean '${meant}'?`;
  problems.add(
    path,
    `is '${zone}', which is no time zone of IANA (${RULES_VERSION}); write one such as Europe/London, or an offset such as +02:00${near}`,
  );
}

/** The name that a text was meant to be: by its letters, or by the last part of it, `London`. */
function nearestZone(zone: string): string | undefined {
  const names = zoneNames();
  const same = names.get(zone.toLowerCase());
  const city = [...names.values()].find((name) => name.toLowerCase().endsWith(`/${zone.toLowerCase()}`));
  return same ?? city ?? nearest(zone, names.values());
}
