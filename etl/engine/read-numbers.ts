import type { DuckDBConnection, DuckDBDataChunk } from '@duckdb/node-api';

/**
 * The numbers of a query's only column, which must be DOUBLE without NULL, in one array: a million of them in an array of
 * JavaScript's own is work for the garbage collector.
 */
export async function readNumbers(connection: DuckDBConnection, sql: string): Promise<Float64Array> {
  const result = await connection.run(sql);
  const parts: ArrayLike<number>[] = [];
  let count = 0;
  for (;;) {
    const chunk = await result.fetchChunk();
    if (chunk === null || chunk.rowCount === 0) break;
    parts.push(numbersOf(chunk));
    count += chunk.rowCount;
  }
  const all = new Float64Array(count);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** The vector's own array, as long as the library has it there; else value by value. */
function numbersOf(chunk: DuckDBDataChunk): ArrayLike<number> {
  const vector = chunk.getColumnVector(0);
  const items: unknown = Reflect.get(vector, 'items');
  if (items instanceof Float64Array && items.length === chunk.rowCount) return items;
  return Array.from({ length: chunk.rowCount }, (_, n) => Number(vector.getItem(n)));
}
