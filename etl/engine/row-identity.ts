import { DataError } from '../errors.ts';
import { type Engine, integerOf, textOf } from './engine.ts';

/** Two SELECTs of the same columns: of rows that files should have, and of those that they have. */
export interface RowsToCompare {
  readonly wanted: string;
  readonly written: string;
}

/** Throws DataError `ROWS_CHANGED` unless both SELECTs have the same rows, whatever their order; `of` names them. */
export async function requireSameRows(
  engine: Engine,
  { wanted, written }: RowsToCompare,
  of: string,
): Promise<void> {
  const [was, is] = [await rowIdentity(engine, wanted), await rowIdentity(engine, written)];
  if (was === is) return;
  throw new DataError(
    'ROWS_CHANGED',
    `What was written of ${of} has other rows than what it would replace (${was} and ${is}); nothing was committed.`,
    { context: { of } },
  );
}

/** Says which rows a SELECT has: their number, and two sums over the hashes of all their values. */
async function rowIdentity(engine: Engine, select: string): Promise<string> {
  const [row = {}] = await engine.rows(
    `SELECT count(*) AS n, CAST(coalesce(sum(CAST(hash(row$) AS HUGEINT)), 0) AS VARCHAR) AS total,
       CAST(coalesce(sum(CAST(hash(row$, 'again') AS HUGEINT)), 0) AS VARCHAR) AS again FROM (${select}) AS row$`,
  );
  return `${integerOf(row, 'n')}-${textOf(row, 'total')}-${textOf(row, 'again')}`;
}
