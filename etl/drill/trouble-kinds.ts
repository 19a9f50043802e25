/** Kinds of trouble, repeated by how often each comes. */
export const TROUBLES = [
  'death',
  'death',
  'death',
  'death',
  'faults',
  'death and faults',
  'race',
  'troubled race',
  'race of three',
  'late commit',
  'late commit',
  'two at once',
] as const;

/** A kind of trouble. */
export type Trouble = (typeof TROUBLES)[number];
