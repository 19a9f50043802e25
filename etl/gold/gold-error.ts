import type { GoldContract } from '../contract/contract.ts';
import { duckDbFault } from '../engine/engine-error.ts';
import { DataError } from '../errors.ts';

/** What to do where numbers outgrow their types, by DuckDB's class of the error. */
const ADVICE: Readonly<Record<string, string>> = {
  'Out of Range':
    'a number becomes larger than its type holds. A decimal has 38 digits at most, before and after the point together, and so has a sum or a product of decimals: add up less (fewer rows, or values rounded to fewer decimals), or take CAST(… AS DOUBLE) where about 15 digits are enough',
  Conversion:
    'a value does not go into the type that it is cast to, in the SQL or by the contract of the table: it is too large, or no such value. Give the column a wider type in the contract, such as DECIMAL(38,2), and cast to the same in the SQL',
};

/**
 * The error of a Gold table's SQL, with what to do about numbers that outgrow their types (DataError `GOLD_OVERFLOW`);
 * any other error as it came. DuckDB's own words, which quote values, stay its cause.
 */
export function goldSqlError(error: unknown, { dataset, sql }: GoldContract): unknown {
  const fault = duckDbFault(error);
  const advice = fault === undefined ? undefined : ADVICE[fault.type];
  if (fault === undefined || advice === undefined) return error;
  return new DataError(
    'GOLD_OVERFLOW',
    `sql/gold/${sql} can't be computed: ${advice}. Gold stays as it was. --debug shows the value on a terminal.`,
    { cause: fault, context: { dataset, engineError: fault.type } },
  );
}

/** DataError `GOLD_BREAKS_CONTRACT`: what a Gold table's SQL gives is not what its contract says. */
export function goldBroken({ dataset, sql }: GoldContract, what: string): DataError {
  return new DataError(
    'GOLD_BREAKS_CONTRACT',
    `sql/gold/${sql} breaks the contract of ${dataset}: ${what}. Gold stays as it was.`,
    { context: { dataset } },
  );
}
