/** Longest part of a value that a reason repeats, in characters. */
export const REASON_VALUE_LENGTH = 200;
