import type { Contract, GoldContract } from '../contract/contract.ts';
import type { Engine } from '../engine/engine.ts';
import { tableName } from '../naming/datasets.ts';
import { bindMonths } from './bind-months.ts';
import { CARRIED_TABLE, CARRY } from './carried.ts';
import { monthsRead } from './months-read.ts';

/** What is wrong with a Gold table's SQL that carries though its contract doesn't say so, by its text; undefined where nothing is. */
export function unsaidCarry({ carry }: GoldContract, sql: string): string | undefined {
  return carry !== true && sql.includes(CARRY)
    ? `reads ${CARRY}, the table's own rows of the month before; for that its contract must say assay.carry: true`
    : undefined;
}

/** Texts in quotes, which read nothing. */
const TEXTS = /'(?:[^']|'')*'/g;

/** What is wrong with the SQL, as it is printed from what was parsed, where it doesn't carry though its contract says so. */
export function unusedCarry({ carry }: GoldContract, printed: string): string | undefined {
  return carry === true && !printed.replace(TEXTS, '').includes(CARRIED_TABLE)
    ? `never reads ${CARRY}, the table's own rows of the month before, though its contract says assay.carry: true; read it, or remove assay.carry`
    : undefined;
}

/** Any month will do: only whether the SQL stays within its month matters. */
const MONTH = 648;

/**
 * What is wrong with the SQL of a table that carries, where it restricts none of its inputs to the month asked for: what was
 * carried would be added to all of Silver once more. Undefined where it restricts one.
 */
export async function unrestricted(
  engine: Engine,
  { carry, inputs }: GoldContract,
  { sql, contracts }: { readonly sql: string; readonly contracts: ReadonlyMap<string, Contract> },
): Promise<string | undefined> {
  if (carry !== true) return undefined;
  const bound = bindMonths(sql, { from: MONTH, to: MONTH });
  for (const input of inputs) {
    const source = contracts.get(input);
    if (source === undefined) continue;
    const table = tableName('silver', input).split('.').at(-1) ?? '';
    const { from, to } = await monthsRead(engine, bound, { table, column: source.partitionColumn });
    if (from === MONTH && to === MONTH) return undefined;
  }
  return `carries the month before, and restricts none of ${inputs.join(', ')} to the month that is asked for: what was before would count twice. Compare the partition column with {{from_month}} and {{to_month}} in the WHERE of the SELECT that reads it`;
}
