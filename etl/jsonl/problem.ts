/** Why a line of JSON Lines is no record. */
export type JsonProblem =
  | 'no JSON object'
  | 'text that JSON forbids'
  | 'text behind the object'
  | 'a member twice'
  | 'a lone surrogate'
  | 'a NUL character'
  | 'nesting beyond the limit'
  | 'bytes that are not UTF-8';

/** Objects and arrays may lie in one another so deep, the record itself counted. */
export const MOST_LEVELS = 200;
