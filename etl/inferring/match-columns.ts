import { normaliseHeader } from '../contract/header.ts';
import { columnNames } from './column-names.ts';
import { kindOfColumn, type TextKind } from './kinds.ts';
import { headerKey, headerMeaning } from './words.ts';

/** A file's header and some of its records. */
export interface FileHeader {
  readonly file: string;
  readonly names: readonly string[];
  readonly sample: readonly (readonly string[])[];
}

/** A spelling of a column's header, and why it was taken for the same column. */
export interface Spelling {
  readonly header: string;
  /** The file that it was first seen in. */
  readonly file: string;
  /** Absent where it differs from another in blanks, case and signs only. */
  readonly why?: string;
}

/** A column that files have under one or several headers. */
export interface MatchedColumn {
  readonly name: string;
  readonly spellings: readonly Spelling[];
  /** Where it stands in records of JSON, as a JSON pointer. */
  readonly path?: string;
  /** Another column that may be the same: none of the files has both. */
  readonly maybe?: { readonly name: string; readonly why: string };
}

/** Least likeness at which two headers are taken for one column, and at which a person is asked. */
const SAME = 0.5;
const MAYBE = 0.2;
const MOST_VALUES = 5000;

interface Column {
  readonly spellings: Spelling[];
  readonly values: Set<string>;
  readonly kinds: Set<TextKind>;
  /** By file, the position in it. */
  readonly files: Map<string, number>;
}

/**
 * The columns of several files. Headers that differ in blanks, letter case and signs are one column; of the others,
 * those whose words mean the same or whose values recur, as long as they hold the same kind of value and no file has
 * both. Blank headers are left out. Columns stand in the order of the file that has most of them first.
 */
export function matchColumns(files: readonly FileHeader[]): MatchedColumn[] {
  const columns: Column[] = [];
  for (const file of files) addFile(columns, file);
  const names = columnNames(columns.map(({ spellings }) => spellings[0]?.header ?? ''));
  return columns.map((column, n) => {
    const near = columns
      .map((other, m) => ({
        name: names[m] ?? '',
        ...likeness(other, column),
        m,
        together: share(column, other),
      }))
      .filter(({ m, score, together }) => m < n && !together && score >= MAYBE)
      .sort((a, b) => b.score - a.score)[0];
    return {
      name: names[n] ?? '',
      spellings: distinct(column.spellings),
      ...(near === undefined ? {} : { maybe: { name: near.name, why: near.why } }),
    };
  });
}

function addFile(columns: Column[], { file, names, sample }: FileHeader): void {
  const fresh = names.flatMap((header, position) =>
    headerKey(header) === '' ? [] : [columnOf(header, file, position, sample)],
  );
  const taken = new Set<Column>();
  const left = fresh.filter((column) => {
    const same = columns.find(
      (other) => !taken.has(other) && other.spellings.some(({ header }) => sameKey(header, column)),
    );
    if (same !== undefined) take(taken, same, column);
    return same === undefined;
  });
  const pairs = left
    .flatMap((column) => columns.map((other) => ({ column, other, ...likeness(other, column) })))
    .filter(({ score }) => score >= SAME)
    .sort((a, b) => b.score - a.score);
  const placed = new Set<Column>();
  for (const { column, other, why } of pairs) {
    if (placed.has(column) || taken.has(other)) continue;
    placed.add(column);
    const [spelling] = column.spellings;
    if (spelling !== undefined) column.spellings[0] = { ...spelling, why };
    take(taken, other, column);
  }
  columns.push(...left.filter((column) => !placed.has(column)));
}

const sameKey = (header: string, { spellings }: Column): boolean =>
  headerKey(header) === headerKey(spellings[0]?.header ?? '');

function take(taken: Set<Column>, into: Column, from: Column): void {
  taken.add(into);
  into.spellings.push(...from.spellings);
  for (const value of from.values) if (into.values.size < MOST_VALUES) into.values.add(value);
  for (const kind of from.kinds) into.kinds.add(kind);
  for (const [file, position] of from.files) into.files.set(file, position);
}

function columnOf(
  header: string,
  file: string,
  position: number,
  sample: readonly (readonly string[])[],
): Column {
  const texts = sample
    .map((fields) => (fields[position] ?? '').trim().toLowerCase())
    .filter((text) => text !== '');
  const kind = kindOfColumn(texts);
  return {
    spellings: [{ header: header.trim(), file }],
    values: new Set(texts.slice(0, MOST_VALUES)),
    kinds: new Set(kind === undefined ? [] : [kind]),
    files: new Map([[file, position]]),
  };
}

/** How alike two columns are, from 0 to 1, and by what. */
function likeness(one: Column, other: Column): { score: number; why: string } {
  const kinds = [...one.kinds].filter((kind) => other.kinds.has(kind));
  if (kinds.length === 0 && one.kinds.size > 0 && other.kinds.size > 0) return { score: 0, why: '' };
  const words = Math.max(
    ...one.spellings.flatMap((a) => other.spellings.map((b) => wordLikeness(a.header, b.header))),
  );
  // Numbers and dates recur in columns that have nothing to do with each other.
  const values = kinds.includes('text') ? overlap(one.values, other.values) : 0;
  const header = one.spellings[0]?.header ?? '';
  if (values > words) {
    return { score: values, why: `${percent(values)} of its values are in '${header}' as well` };
  }
  return { score: words, why: `its words mean about what '${header}' means` };
}

function wordLikeness(one: string, other: string): number {
  const [a, b] = [new Set(headerMeaning(one)), new Set(headerMeaning(other))];
  const shared = [...a].filter((word) => [...b].some((near) => near === word || isTypo(near, word))).length;
  return shared / Math.max(1, a.size + b.size - shared);
}

/** One letter too many, too few or another, in a word of six or more letters; digits count, they are no slips. */
function isTypo(one: string, other: string): boolean {
  if (/\d/.test(one + other) || Math.min(one.length, other.length) < 6) return false;
  if (Math.abs(one.length - other.length) > 1) return false;
  let at = 0;
  while (at < one.length && one[at] === other[at]) at++;
  const tails = [one.slice(at + 1), other.slice(at + 1)];
  return tails[0] === tails[1] || tails[0] === other.slice(at) || one.slice(at) === tails[1];
}

/** Share of the smaller set that is in the larger, where it is large enough to say anything. */
function overlap(one: ReadonlySet<string>, other: ReadonlySet<string>): number {
  const [small, large] = one.size <= other.size ? [one, other] : [other, one];
  if (small.size === 0) return 0;
  const shared = [...small].filter((value) => large.has(value)).length;
  return shared < 2 ? 0 : shared / small.size;
}

function share(one: Column, other: Column): boolean {
  return [...one.files.keys()].some((file) => other.files.has(file));
}

/** Each spelling once, as headers are compared. */
function distinct(spellings: readonly Spelling[]): Spelling[] {
  const seen = new Map<string, Spelling>();
  for (const spelling of spellings) {
    const key = normaliseHeader(spelling.header);
    if (!seen.has(key)) seen.set(key, spelling);
  }
  return [...seen.values()];
}

const percent = (share: number): string => `${Math.round(share * 100)} %`;
