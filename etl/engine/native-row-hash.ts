import type { DuckDBConnection } from '@duckdb/node-api';
import { literal } from './sql.ts';

/** Name of the function that native/row-hash.c makes: a record's row_hash from its raw values in contract order. */
export const NATIVE_ROW_HASH = 'assay_row_hash';

/** Texts of no value, of one block and of several, whose digests every build must give before it is used. */
const TRIALS = [
  [`NULL, NULL`, `''`],
  [`'a', NULL, ''`, `concat('=a', chr(0), chr(0), '=')`],
  [`repeat('é', 40), 'twelve bytes', NULL`, `concat('=', repeat('é', 40), chr(0), '=twelve bytes')`],
] as const;

/**
 * Loads Assay's native part into a database that isn't locked yet. Whether it can be used: not where it was built for
 * another system, the processor lacks the instructions, or a digest is other than DuckDB's own.
 */
export async function loadRowHash(connection: DuckDBConnection, file: string): Promise<boolean> {
  const same = TRIALS.map(([values, text]) => `${NATIVE_ROW_HASH}(${values}) = sha256(${text})`);
  try {
    await connection.run(`LOAD ${literal(file)}`);
    const [row] = (await connection.runAndReadAll(`SELECT ${same.join(' AND ')}`)).getRows();
    return row?.[0] === true;
  } catch {
    // The function of the same digests that DuckDB has takes its place.
    return false;
  }
}
