import { SNAPSHOT_NAME } from '../contract/check-columns.ts';
import type { GoldContract } from '../contract/contract.ts';
import { duckType } from '../contract/duck-type.ts';
import { type Engine, readParquet } from '../engine/engine.ts';
import { identifier } from '../engine/sql.ts';
import { figureColumns } from './rows-digest.ts';

/** Kept rows of a month, read in the types of a contract. */
export interface ShapedRows {
  /** SELECT of the contract's columns and the row's snapshot; what the rows don't have is NULL. */
  readonly select: string;
  /** Names of the contract's columns that the rows have. */
  readonly shared: readonly string[];
}

/** Rows of Parquet files, in the shape of a Gold table's contract. */
export async function shapedRows(
  engine: Engine,
  paths: readonly string[],
  contract: GoldContract,
): Promise<ShapedRows> {
  const from = readParquet(paths);
  const known = new Set(await figureColumns(engine, from));
  const shared = contract.columns.filter(({ name }) => known.has(name)).map(({ name }) => name);
  const columns = contract.columns.map(
    ({ name, type }) =>
      `${known.has(name) ? `TRY_CAST(${identifier(name)} AS ${duckType(type)})` : `CAST(NULL AS ${duckType(type)})`} AS ${identifier(name)}`,
  );
  return { select: `SELECT ${[...columns, identifier(SNAPSHOT_NAME)].join(', ')} FROM ${from}`, shared };
}
