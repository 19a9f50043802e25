import { DuckDBScalarFunction, VARCHAR } from '@duckdb/node-api';

/** Makes a text of a text; NULL of NULL, without being asked. */
export type TextFunction = (text: string) => string | null;

/**
 * A function of DuckDB that Node runs, a vector of texts at a time, on the thread of its events: whoever waits for a query
 * must leave that thread free.
 */
export function textFunction(name: string, of: TextFunction): DuckDBScalarFunction {
  return DuckDBScalarFunction.create({
    name,
    returnType: VARCHAR,
    parameterTypes: [VARCHAR],
    mainFunction: (_, input, output) => {
      const texts = input.getColumnVector(0);
      for (let n = 0; n < input.rowCount; n++) {
        const text = texts.getItem(n);
        output.setItem(n, typeof text === 'string' ? of(text) : null);
      }
      output.flush();
    },
  });
}
