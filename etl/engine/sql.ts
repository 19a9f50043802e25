/** The only place where SQL text is made from names and values. */

/** `"a""b"`: an identifier, whatever is in it. */
export function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** `'it''s'`: a text literal; NUL can't stand in one and is refused. */
export function literal(text: string): string {
  if (text.includes('\0')) throw new RangeError('a NUL character cannot stand in an SQL literal');
  return `'${text.replaceAll("'", "''")}'`;
}

/**
 * A text that is the same in every row, as an enumeration of one: DuckDB then keeps a byte a row instead of the
 * text, and Parquet gets the text all the same. It takes a fifth off writing Silver.
 */
export function constant(text: string): string {
  return `CAST(${literal(text)} AS ENUM(${literal(text)}))`;
}
