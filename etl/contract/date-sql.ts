import { literal } from '../engine/sql.ts';
import { type CompiledPattern, compileDatePattern, ISO_DATE, ISO_TIMESTAMP } from './compile-dates.ts';

/** A column of days or of instants. */
type DateKind = 'date' | 'timestamptz';
/** What a pattern is read as: also a time that stands in no zone yet. */
type ReadKind = DateKind | 'local';
const TYPES: Readonly<Record<ReadKind, string>> = {
  date: 'DATE',
  timestamptz: 'TIMESTAMPTZ',
  local: 'TIMESTAMP',
};

/** The format of times without one: ISO 8601, with or without an offset. */
export const ISO_8601 = 'ISO 8601';

/** SQL of the text's date or time by any of the patterns, by ISO 8601 without any; NULL where it is none. */
export function dateSql(text: string, formats: readonly string[], kind: DateKind): string {
  return casesSql(text, patternsOf(formats, kind), { kind, iso: 'exact' });
}

/** What a pattern is read as, and which texts of ISO 8601 are. */
interface Reading {
  readonly kind: ReadKind;
  readonly iso: 'exact' | 'local' | 'withOffset';
}

function casesSql(text: string, patterns: readonly Pattern[], { kind, iso }: Reading): string {
  if (patterns.length === 0) return `CAST(NULL AS ${TYPES[kind]})`;
  const cases = patterns.map((pattern) => {
    if (pattern !== ISO_8601)
      return `WHEN ${matches(text, pattern.exact)} THEN ${patternSql(text, pattern, kind)}`;
    const value = `try_cast(${text} AS ${TYPES[kind]})`;
    return `WHEN ${matches(text, ISO_TIMESTAMP[iso])} THEN ${kind === 'local' ? value : isoInYears(text, value)}`;
  });
  return `CASE ${cases.join(' ')} END`;
}

/** SQL of a text's time as its own clock shows it, a TIMESTAMP; NULL where it has an offset, or is no time. */
export function localTimeSql(text: string, formats: readonly string[]): string {
  const local = patternsOf(formats, 'timestamptz').filter(
    (pattern) => pattern === ISO_8601 || pattern.offset === undefined,
  );
  return casesSql(text, local, { kind: 'local', iso: 'local' });
}

/** SQL of a text's time that has an offset of its own, a TIMESTAMPTZ; NULL where it has none, or is no time. */
export function timeWithOffsetSql(text: string, formats: readonly string[]): string {
  const withOffset = patternsOf(formats, 'timestamptz').filter(
    (pattern) => pattern === ISO_8601 || pattern.offset !== undefined,
  );
  return casesSql(text, withOffset, { kind: 'timestamptz', iso: 'withOffset' });
}

/** SQL of the year that a text's local time is in, quickly: also of texts that are no time. NULL where there is none. */
export function roughYearSql(text: string, formats: readonly string[]): string {
  return formats.length === 0 || formats[0] === ISO_8601
    ? `try_cast(left(${text}, 4) AS INTEGER)`
    : `year(${localTimeSql(text, formats)})`;
}

/** Texts that look like a date or time of the column, though there may be no such day, hour or offset. */
export function dateShape(formats: readonly string[], kind: DateKind): string {
  return patternsOf(formats, kind)
    .map((pattern) => `(?:${shapesOf(pattern).shape})`)
    .join('|');
}

type Pattern = CompiledPattern | typeof ISO_8601;

function patternsOf(formats: readonly string[], kind: DateKind): readonly Pattern[] {
  if (formats.length === 0) return [kind === 'date' ? ISO_DATE : ISO_8601];
  return formats.map((format) => (format === ISO_8601 ? format : compileDatePattern(format)));
}

const shapesOf = (pattern: Pattern): Pick<CompiledPattern, 'shape' | 'exact'> =>
  pattern === ISO_8601 ? ISO_TIMESTAMP : pattern;

function patternSql(text: string, pattern: CompiledPattern, kind: ReadKind): string {
  const { strptime, offset } = pattern;
  const read = (readable: string): string =>
    `CAST(try_strptime(${readable}, ${literal(strptime)}) AS ${TYPES[kind]})`;
  // strptime can't read Z, which means +00.
  const value = read(offset === undefined ? text : inUtc(text, offset, 'Z'));
  const checked = offset === undefined ? value : inYears(text, value);
  if (pattern.weekday === undefined) return checked;
  // The weekday is that of the day as it was written, before it is shifted to UTC.
  const local = read(offset === undefined ? text : inUtc(text, offset, offset.shape));
  const { shape, letter } = pattern.weekday;
  const written = `lower(regexp_extract(${text}, ${literal(`^${shape}$`)}, 1))`;
  return `CASE WHEN ${written} = lower(strftime(${local}, ${literal(letter)})) THEN ${checked} END`;
}

/** The text with `+00` in place of an offset that has the shape `which`. */
function inUtc(text: string, offset: NonNullable<CompiledPattern['offset']>, which: string): string {
  const shape = `^(${offset.before})${which}(${offset.after})$`;
  return `regexp_replace(${text}, ${literal(shape)}, '\\1+00\\2')`;
}

/** NULL for an instant that its offset moves out of the years 1 to 9999; only texts with these years are looked at. */
export function inYears(text: string, value: string): string {
  return inYearsUnless(`NOT (contains(${text}, '0001') OR contains(${text}, '9999'))`, value);
}

/** The same of ISO 8601, whose year comes first: texts are compared in a third of the time. */
function isoInYears(text: string, value: string): string {
  return inYearsUnless(`(${text} > '0002' AND ${text} < '9999')`, value);
}

function inYearsUnless(isInside: string, value: string): string {
  const years =
    "BETWEEN TIMESTAMPTZ '0001-01-01 00:00:00+00' AND TIMESTAMPTZ '9999-12-31 23:59:59.999999+00'";
  return `CASE WHEN ${isInside} OR ${value} ${years} THEN ${value} END`;
}

function matches(text: string, shape: string): string {
  return `regexp_full_match(${text}, ${literal(shape)})`;
}
