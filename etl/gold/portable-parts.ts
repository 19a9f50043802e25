/** A part of a parsed tree. */
export type Part = Readonly<Record<string, unknown>>;

/** Thrown at what has no spelling that all engines share; its message says what. */
export class NotPortable extends Error {
  override name = 'NotPortable';
}

/** What is known of a column's values, by its name in whichever input. */
export interface KnownColumn {
  /** Whether engines agree on values of its type. */
  readonly isExact: boolean;
  /** Of decimals: digits behind the point, in each input that has one of the name. */
  readonly scales: readonly number[];
}

/** What SQL may name at a place, and how a query within it is printed. */
export interface Printing {
  readonly tables: ReadonlySet<string>;
  readonly columns: ReadonlyMap<string, KnownColumn>;
  /** Digits behind the point of decimal columns and casts that were met. */
  readonly scales: Set<number>;
  /** Those of decimal constants. */
  readonly constantScales: Set<number>;
  /** What WITH named before, in lower case. */
  readonly named: ReadonlySet<string>;
  readonly querySql: (node: Part, printing: Printing) => string;
}

/** A value as a part; one without members where it is none. */
export const partOf = (value: unknown): Part =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};

/** A list's values as parts. */
export const partsOf = (value: unknown): Part[] => (Array.isArray(value) ? value.map(partOf) : []);

/** A member that is a text; empty where there is none. */
export function textIn(part: Part, name: string): string {
  const value = part[name];
  return typeof value === 'string' ? value : '';
}
