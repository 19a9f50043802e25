import { valueSql } from '../contract/compile-column.ts';
import { counted, type Note, review, seen } from './notes.ts';
import type { ColumnProfile } from './profile-column.ts';
import type { Reading } from './readings.ts';
import { draftColumn } from './sample-table.ts';

/** A column's type, how its values are spelled, and what speaks for it. */
export interface TypeGuess extends Reading {
  readonly notes: readonly Note[];
}

/** Share of the values that must be of a type; the others would be quarantined. */
const ENOUGH = 0.98;
/** SQL of a column's text read in one way; NULL where it can't be. */
export function readingSql({ name, text }: ColumnProfile, reading: Reading): string {
  const { type, formats, number } = reading;
  return valueSql(draftColumn({ name, type, formats, number }), text);
}

/** Whether enough of a column's values are read, and what to say of the others. */
export function isEnough(read: number, { values }: ColumnProfile): boolean {
  return read > 0 && read >= values * ENOUGH;
}

/** `9,393 of 9,393 values are integers`, with the others' fate where there are any. */
export function shareNotes(read: number, { values }: ColumnProfile, what: string): Note[] {
  const share = `${counted(read)} of ${counted(values)} non-blank values ${what}`;
  return read === values
    ? [seen(`${share}.`)]
    : [review(`${share}; the other ${counted(values - read)} would be quarantined.`)];
}
