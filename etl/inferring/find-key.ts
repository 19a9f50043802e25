import { type Engine, integerOf } from '../engine/engine.ts';
import { identifier } from '../engine/sql.ts';
import { counted, type Note, review, seen, several } from './notes.ts';
import { SAMPLE_TABLE } from './sample-table.ts';

/** A column that may be part of the key. */
export interface KeyColumn {
  readonly name: string;
  /** What its header means. */
  readonly words: readonly string[];
  readonly distinct: number;
  readonly isRequired: boolean;
  readonly isText: boolean;
  /** Whether it holds amounts, which are no identity. */
  readonly isMeasure: boolean;
}

/** The columns that tell the sample's records apart; none where no few do, so that the whole record is the key. */
export interface KeyGuess {
  readonly key: readonly string[];
  readonly notes: readonly Note[];
}

const ID_WORDS = [
  'identifier',
  'number',
  'key',
  'code',
  'reference',
  'ref',
  'uuid',
  'guid',
  'invoice',
  'transaction',
];
/** Columns that are combined, three at most at a time, and the share of repeats that a key may have. */
const MOST = 8;
const REPEATS = 0.01;

/**
 * Looks for the fewest columns, without amounts, that no two records share: those first whose headers speak of
 * identity. Where none is free of repeats, some that have hardly any, to be reviewed.
 */
export async function findKey(
  engine: Engine,
  columns: readonly KeyColumn[],
  records: number,
): Promise<KeyGuess> {
  const ranked = columns
    .filter(
      ({ isRequired, isMeasure, distinct }) => isRequired && !isMeasure && (distinct > 1 || records === 1),
    )
    .sort((a, b) => rank(b, records) - rank(a, records))
    .slice(0, MOST);
  let near: { readonly key: readonly string[]; readonly repeats: number } | undefined;
  for (const size of [1, 2, 3]) {
    for (const combination of combinations(ranked, size)) {
      const key = combination.map(({ name }) => name);
      const room = combination.reduce((product, { distinct }) => product * distinct, 1);
      if (room < records * (1 - REPEATS)) continue;
      const repeats = size === 1 ? records - room : await repeatsOf(engine, key, records);
      if (repeats === 0) return found(key, records);
      if (repeats <= records * REPEATS && (near === undefined || repeats < near.repeats))
        near = { key, repeats };
    }
  }
  const isNamed = columns.some(({ name, words }) => near?.key.includes(name) && isIdentity(words));
  if (near !== undefined && isNamed) {
    const text = `${several(near.repeats, 'record')} of ${counted(records)} repeat another's ${near.key.join(' and ')}; they would be condemned as duplicates. If they are records of their own, write assay.key: record instead.`;
    return { key: near.key, notes: [review(text)] };
  }
  const text =
    'No three columns tell the records apart, so the whole record does (assay.key: record): equal records of one file all stay, and what comes again in another file is a repeat. Should the source number its records, write primaryKey: true there instead.';
  return { key: [], notes: [review(text)] };
}

const isIdentity = (words: readonly string[]): boolean => words.some((word) => ID_WORDS.includes(word));

function found(key: readonly string[], records: number): KeyGuess {
  const text = `No two of ${several(records, 'record')} have the same ${key.join(' and ')}.`;
  const doubt = records < 100 ? [review('So few records prove little about a key.')] : [];
  return { key, notes: [seen(text), ...doubt] };
}

/** Identity by the header, then texts and numbers with many values, the leftmost first. */
function rank({ words, distinct, isText }: KeyColumn, records: number): number {
  const isNamed = isIdentity(words) && distinct > records / 20;
  return (isNamed ? 2 : 0) + (distinct / Math.max(1, records)) * (isText ? 1 : 0.9);
}

async function repeatsOf(engine: Engine, key: readonly string[], records: number): Promise<number> {
  const hashes = key.map((name) => identifier(name)).join(', ');
  const [row = {}] = await engine.rows(`SELECT count(DISTINCT hash(${hashes})) AS n FROM ${SAMPLE_TABLE}`);
  return records - integerOf(row, 'n');
}

function combinations<T>(items: readonly T[], size: number): readonly (readonly T[])[] {
  if (size === 0) return [[]];
  return items.flatMap((item, n) =>
    combinations(items.slice(n + 1), size - 1).map((rest) => [item, ...rest]),
  );
}
