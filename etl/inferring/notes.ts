/**
 * Something that a proposal says of itself: `seen` is evidence, `review` a guess that may be wrong, `decide` what only
 * a person knows.
 */
export interface Note {
  readonly kind: 'seen' | 'review' | 'decide';
  readonly text: string;
}

export const seen = (text: string): Note => ({ kind: 'seen', text });
export const review = (text: string): Note => ({ kind: 'review', text });
export const decide = (text: string): Note => ({ kind: 'decide', text });

/** `12345` → `12,345`. */
export const counted = (value: number): string => value.toLocaleString('en-US');

/** `1 record`, `2 records`. */
export const several = (value: number, noun: string): string =>
  `${counted(value)} ${noun}${value === 1 ? '' : 's'}`;
