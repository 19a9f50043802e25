/**
 * Something that a proposal says of itself: `seen` is evidence, `review` a guess that may be wrong, `decide` what only
 * a person knows.
 */
export interface Note {
  readonly kind: 'seen' | 'review' | 'decide';
  readonly text: string;
  /** Where the guess leaves lines of a file out of the table, so that nobody would miss them. */
  readonly leavesOut?: true;
}

export const seen = (text: string): Note => ({ kind: 'seen', text });
export const review = (text: string): Note => ({ kind: 'review', text });
/** A guess by which lines of a file are no records. */
export const leftOut = (text: string): Note => ({ kind: 'review', text, leavesOut: true });
export const decide = (text: string): Note => ({ kind: 'decide', text });

/** `12345` → `12,345`. */
export const counted = (value: number): string => value.toLocaleString('en-US');

/** `1 record`, `2 records`. */
export const several = (value: number, noun: string): string =>
  `${counted(value)} ${noun}${value === 1 ? '' : 's'}`;
