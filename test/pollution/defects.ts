import { asBytes, type CleanFile, COLUMNS, cleanLines } from './clean-file.ts';

/** What a defect made of a file. */
export interface Damage {
  readonly bytes: Buffer;
  /** The records that the defect lies in, by index; all others are as valid as before. */
  readonly touched: readonly number[];
}

/** One kind of defect, at every place where it can be. */
export interface Defect {
  readonly kind: string;
  /** Places by name, given how many records and columns there are. */
  readonly places: readonly Place[];
  /** The damaged file; undefined where this file has nothing at the place that could be damaged so. */
  damage(file: CleanFile, place: Place): Damage | undefined;
}

/** A place in a file: a record and a column, from 0; what a kind doesn't need is 0. */
export interface Place {
  readonly row: number;
  readonly column: number;
}

/** The file with one line, by index among the records, written as given. */
export function withLine(file: CleanFile, row: number, line: string): Buffer {
  const lines = cleanLines(file);
  lines[row + 1] = line;
  return asBytes(lines, file.end);
}

/** Every record's index. */
export function allRows({ rows }: CleanFile): number[] {
  return [...rows.keys()];
}

/** The places of a matrix of records and columns. */
export function placesOf(rows: number, columns: number): Place[] {
  return Array.from({ length: rows * columns }, (_, n) => ({
    row: Math.floor(n / columns),
    column: n % columns,
  }));
}

/** How many columns a record has. */
export const WIDTH = COLUMNS.length;
