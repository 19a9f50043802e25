/**
 * A text as a column's type reads it. `size` puts values of one type in order: a decimal times ten to its scale, days and
 * microseconds since 1970, a double as it is. `text` is what DuckDB prints of the value, but that of a time is in ISO 8601.
 */
export interface TypedValue {
  readonly size: bigint | number | undefined;
  readonly text: string;
}

/**
 * What reading a text gave: a value; `other`, what doesn't look like the type; `long`, more decimals than the scale keeps;
 * `out`, right in form and past the type's range, or on no calendar.
 */
export type Reading =
  | { readonly kind: 'value'; readonly value: TypedValue }
  | { readonly kind: 'other' }
  | { readonly kind: 'long' }
  | { readonly kind: 'out' };

/** Reads the trimmed text of a column. */
export type ReadText = (text: string) => Reading;

export const OTHER: Reading = { kind: 'other' };
export const LONG: Reading = { kind: 'long' };
export const OUT: Reading = { kind: 'out' };

/** The reading of a value that there is. */
export const valueReading = (size: TypedValue['size'], text: string): Reading => ({
  kind: 'value',
  value: { size, text },
});
