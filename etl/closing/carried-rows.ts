import type { GoldContract } from '../contract/contract.ts';
import { type Engine, integerOf } from '../engine/engine.ts';
import { identifier, literal } from '../engine/sql.ts';
import { ConfigError } from '../errors.ts';
import { closedRowsKey } from '../naming/closings.ts';
import type { Effects } from '../ports.ts';
import type { Closing } from '../table/closings.ts';
import { shapedRows } from './shaped-rows.ts';

/** What carrying rows over needs. */
export interface Carrying {
  readonly effects: Pick<Effects, 'data'>;
  readonly engine: Engine;
  readonly contract: GoldContract;
}

/**
 * SELECTs of the rows of closed months in the shape of a contract, for a table of that shape. Throws ConfigError
 * `CLOSED_ROWS_DO_NOT_FIT` where a value would be lost: that is a person's to decide.
 */
export async function carriedRows(carrying: Carrying, closings: readonly Closing[]): Promise<string[]> {
  const selects: string[] = [];
  for (const closing of closings) selects.push(await carriedMonth(carrying, closing));
  return selects;
}

async function carriedMonth({ effects, engine, contract }: Carrying, closing: Closing): Promise<string> {
  const { dataset } = contract;
  const path = await effects.data.localPath(closedRowsKey(dataset, closing.month, closing.id));
  const { select, shared } = await shapedRows(engine, [path], contract);
  const missing = contract.columns.filter(({ required }) => required).map(({ name }) => identifier(name));
  const isMissing = missing.map((name) => `${name} IS NULL`).join(' OR ') || 'false';
  const [row = {}] = await engine.rows(`SELECT count(*) AS n FROM (${select}) WHERE ${isMissing}`);
  const nulls = async (from: string): Promise<string> => {
    const counts = shared.map((name) => `count(${identifier(name)})`).join(' + ') || '0';
    const [counted = {}] = await engine.rows(`SELECT CAST(${counts} AS BIGINT) AS n FROM ${from}`);
    return String(counted.n);
  };
  const lost = (await nulls(`(${select})`)) !== (await nulls(`read_parquet(${literal(path)})`));
  if (integerOf(row, 'n') === 0 && !lost) return select;
  throw new ConfigError(
    'CLOSED_ROWS_DO_NOT_FIT',
    `The rows with which ${closing.month} of ${dataset} was closed don't fit its new contract: give it optional columns of types that hold the old values, or let the month follow again by 'assay reopen ${dataset} --month ${closing.month} --reason …'.`,
    { context: { dataset, month: closing.month, closing: closing.id } },
  );
}
