import { PLAIN_NUMBER } from '../contract/read-number-format.ts';
import type { Engine } from '../engine/engine.ts';
import { counted, type Note, review } from './notes.ts';
import { type ColumnProfile, countWhere } from './profile-column.ts';
import { datePatterns, shareOf } from './readings.ts';
import { isEnough, readingSql, shareNotes, type TypeGuess } from './type-guess.ts';

const DATE_WORDS = new Set(['date', 'day', 'on', 'birth', 'datum', 'from', 'until', 'to', 'dated']);

/**
 * The dates or timestamps that a column's values are, with the least patterns that read them; undefined where they
 * are none. Where day and month could be either, the order that reads more values wins, and the day first in a tie.
 */
export async function guessDates(
  engine: Engine,
  profile: ColumnProfile,
  words: readonly string[],
): Promise<TypeGuess | undefined> {
  const { shapes, text } = profile;
  const isDate = (shape: string): boolean =>
    datePatterns(shape).patterns.length > 0 &&
    (shape !== '99999999' || words.some((word) => DATE_WORDS.has(word)));
  if (shareOf(shapes, isDate) < 0.9) return undefined;
  const offered = shapes.filter(({ shape }) => isDate(shape)).map(({ shape }) => datePatterns(shape));
  const hasTime = offered.some((one) => one.hasTime);
  if (hasTime && !offered.every((one) => one.hasTime)) return undefined;
  const [midnights = 0] = hasTime
    ? await countWhere(engine, [`regexp_full_match(${text}, '[^T]* 00:00(:00)?')`])
    : [];
  const isDay = !hasTime || midnights === profile.values;
  const kind = isDay ? ('date' as const) : ('timestamptz' as const);
  const reading = (formats: readonly string[]) => ({ type: { kind }, formats, number: PLAIN_NUMBER });
  const read = async (sets: readonly (readonly string[])[]): Promise<number[]> =>
    await countWhere(
      engine,
      sets.map((formats) => `${readingSql(profile, reading(formats))} IS NOT NULL`),
    );

  const [iso = 0] = await read([[]]);
  const sets = offered.map(({ patterns }) =>
    patterns.map((one) => (hasTime && isDay ? withoutTime(one) : one)),
  );
  const all = [...new Set(sets.flat())];
  const counts = new Map((await read(all.map((one) => [one]))).map((count, n) => [all[n] ?? '', count]));
  const chosen = choose(sets, counts);
  const [total = 0] = await read([chosen]);
  if (isEnough(iso, profile) && iso >= total)
    return { ...reading([]), notes: shareNotes(iso, profile, 'are in the form of ISO 8601') };
  if (chosen.length === 0 || !isEnough(total, profile)) return undefined;
  const others = chosen.map(swapped);
  const sql = (formats: readonly string[]): string => readingSql(profile, reading(formats));
  if (await areYears(engine, profile, chosen)) return undefined;
  const isAmbiguous = others.some((one, n) => one !== chosen[n]);
  const [only = 0, against = 0] = isAmbiguous
    ? await countWhere(engine, [
        `${sql(chosen)} IS NOT NULL AND ${sql(others)} IS NULL`,
        `${sql(chosen)} IS NULL AND ${sql(others)} IS NOT NULL`,
      ])
    : [];
  const notes = shareNotes(total, profile, `parse as ${chosen.join(' or ')}`);
  return {
    ...reading(chosen),
    notes: isAmbiguous ? [...notes, orderNote(chosen, others, { only, against })] : notes,
  };
}

/**
 * Whether all texts that `yyyy-MM` reads are financial years instead: 2010-11 is a year and the next, 2011-12 and 2012-13,
 * too.
 */
async function areYears(
  engine: Engine,
  { text, values }: ColumnProfile,
  chosen: readonly string[],
): Promise<boolean> {
  if (!chosen.some((one) => /^yyyy.MM$/.test(one))) return false;
  const next = `(CAST(left(${text}, 4) AS INTEGER) + 1) % 100 = CAST(right(${text}, 2) AS INTEGER)`;
  const [years = 0] = await countWhere(engine, [
    `CASE WHEN regexp_full_match(${text}, '[0-9]{4}[^0-9][0-9]{2}') THEN ${next} ELSE false END`,
  ]);
  return years === values;
}

/** What decided between day and month first. */
function orderNote(
  chosen: readonly string[],
  others: readonly string[],
  { only, against }: { only: number; against: number },
): Note {
  const other = others.find((one, n) => one !== chosen[n]) ?? '';
  if (only === 0)
    return review(`Nothing tells ${chosen.join(' or ')} from ${other}: every value may be either.`);
  const contrary = against === 0 ? '' : `, and ${counted(against)} only as ${other}`;
  const text = `${counted(only)} of them parse only so, not as ${other}${contrary}.`;
  return against === 0 ? { kind: 'seen', text } : review(text);
}

/** Of the patterns that compete for each shape, the one in the order that reads most; each family in its widest form. */
function choose(sets: readonly (readonly string[])[], counts: ReadonlyMap<string, number>): string[] {
  const weight = new Map<string, number>();
  for (const pattern of new Set(sets.flat()))
    weight.set(orderOf(pattern), (weight.get(orderOf(pattern)) ?? 0) + (counts.get(pattern) ?? 0));
  const chosen = sets.flatMap((patterns) => {
    const ranked = [...patterns].sort(
      (a, b) =>
        (weight.get(orderOf(b)) ?? 0) - (weight.get(orderOf(a)) ?? 0) ||
        (counts.get(b) ?? 0) - (counts.get(a) ?? 0),
    );
    return ranked.slice(0, 1).filter((one) => (counts.get(one) ?? 0) > 0);
  });
  const families = new Map<string, Set<string>>();
  for (const one of chosen) families.set(loose(one), (families.get(loose(one)) ?? new Set()).add(one));
  return [...families].map(([wide, members]) => (members.size === 1 ? ([...members][0] ?? wide) : wide));
}

/** What competing patterns differ in: the order of day and month where both are numbers, the length of a month's name. */
function orderOf(pattern: string): string {
  const [name] = /MMMM?/.exec(pattern) ?? [];
  if (name !== undefined) return name;
  if (/yyyy.*M/.test(pattern)) return pattern;
  return pattern.startsWith('y') ? 'yMd' : pattern.indexOf('d') < pattern.indexOf('M') ? 'dM' : 'Md';
}

/** `dd/MM/yyyy` → `d/M/yyyy`, which reads both. */
const loose = (pattern: string): string =>
  pattern
    .replace('dd', 'd')
    .replace(/(?<!M)MM(?!M)/, 'M')
    .replace(/HH|hh/, (hour) => hour[0] ?? '');

/** `dd/MM/yyyy` → `MM/dd/yyyy`, and back; any other pattern as it is. */
function swapped(pattern: string): string {
  return pattern.replace(
    /^(d+)([^\w'])(M{1,2})\2(?=y)|^(M{1,2})([^\w'])(d+)\5(?=y)/,
    (_, d, s, m, m2, s2, d2) => (d === undefined ? `${d2}${s2}${m2}${s2}` : `${m}${s}${d}${s}`),
  );
}

/** A timestamp's pattern as one of a date with a constant time: `dd/MM/yyyy HH:mm` → `dd/MM/yyyy '00:00'`. */
const withoutTime = (pattern: string): string =>
  pattern.replace(/H+:mm:ss$/, "'00:00:00'").replace(/H+:mm$/, "'00:00'");
