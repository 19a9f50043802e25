import type { ServiceLevel } from '../contract/contract.ts';
import type { CellBytes } from './cell-bytes.ts';
import type { CheckedSubjectColumn } from './fitting-id.ts';

/** A row as its source writes it: the texts of its cells, of which only those that the plan names need be there. */
export type Row = readonly string[];

/** Many rows, of which each is made when it is asked for: kept all at once they cost more than to make them twice. */
export interface Rows {
  readonly count: number;
  row(n: number): Row;
  /** One cell of a row, where that is all that is needed of it; undefined in a place that the row has not. */
  cell(n: number, place: number): string | undefined;
  /** Says where the bytes of a cell lie, without making a text; returns whether the row has that place. */
  find(n: number, place: number, cell: CellBytes): boolean;
}

/** Whose data something in a row is: the kind of subject, and where its id stands. */
export interface PlannedSubject {
  readonly kind: string;
  readonly place: number;
  readonly column: CheckedSubjectColumn;
}

/** What becomes of the cells in one place. */
export interface PlannedCell {
  readonly place: number;
  /** The column's name in the contract. */
  readonly name: string;
  /** Whether what stands there is read as no value, and stays. */
  readonly isNull: (cell: string) => boolean;
  /** No text of more bytes than these is read as no value, unless it has blanks at its ends; absent where that isn't known. */
  readonly longestNullBytes?: number;
  /** An envelope of the value; or the reference of the subject, where it has one. */
  readonly as: 'encrypted' | 'pseudonym';
  readonly group: string;
  /** Which of the subjects it is of. */
  readonly subject: number;
}

/** The time in one place of a row. */
export interface PlannedMoment {
  readonly place: number;
  /** The time that a cell says; undefined where it can't be read. */
  readonly of: (cell: string) => Date | undefined;
  /** Whether `2024-05-01T12:30:00Z` is the time that it says. */
  readonly isUsual?: boolean;
}

/** How the rows of one file of a dataset are protected. */
export interface ProtectionPlan {
  readonly dataset: string;
  /** Whose data a row is comes first. */
  readonly subjects: readonly PlannedSubject[];
  readonly cells: readonly PlannedCell[];
  /** Places whose cells are emptied. */
  readonly dropped: readonly number[];
  /** How long values stay readable; absent: until somebody has them destroyed. */
  readonly retention?: ServiceLevel;
  /** The time that a row's retention counts from; absent where the file has none. */
  readonly counted?: PlannedMoment | undefined;
  /** A row's own time, which says whether it is older than a forgetting; absent where the file has none. */
  readonly dated?: PlannedMoment | undefined;
}
