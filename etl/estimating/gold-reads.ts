import type { GoldContract, SourceContract } from '../contract/contract.ts';
import type { Engine } from '../engine/engine.ts';
import { bindMonths } from '../gold/bind-months.ts';
import { monthsRead } from '../gold/months-read.ts';
import { tableName } from '../naming/datasets.ts';

/** A Gold table that reads an input, and its SQL. */
export interface GoldReader {
  readonly contract: GoldContract;
  readonly sql: string;
}

/** Any month will do: only whether the SQL stays within its months matters. */
const MONTH = 648;

/**
 * Which of a Gold table's reads of an input it is, by its SQL: of the months that are made anew alone (`months`), or
 * also of earlier or later ones, up to all of them (`whole`), each time.
 */
export async function readOf(
  engine: Engine,
  { contract, sql }: GoldReader,
  input: SourceContract,
): Promise<'months' | 'whole'> {
  const table = tableName('silver', input.dataset).split('.').at(-1) ?? '';
  const bound = bindMonths(sql, { from: MONTH, to: MONTH });
  const { from, to } = await monthsRead(engine, bound, { table, column: input.partitionColumn });
  const isWithin = from === MONTH && to === MONTH;
  const isOfMonths = contract.affects === 'same-month' || contract.carry === true;
  return isWithin && isOfMonths ? 'months' : 'whole';
}
