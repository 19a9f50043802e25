import type { GoldContract } from '../contract/contract.ts';
import { duckType } from '../contract/duck-type.ts';
import type { Engine } from '../engine/engine.ts';
import { identifier } from '../engine/sql.ts';

/** How the SQL of a table that carries names its rows of the month before. */
export const CARRY = '{{carry}}';

/** The table of an engine that has them: no other has that schema. */
export const CARRIED_TABLE = 'gold.carried';

/**
 * Makes the table that `{{carry}}` names: the columns of the contract, with the rows of a query that gives them; without one, none,
 * as before the first month.
 */
export async function setCarried(engine: Engine, { columns }: GoldContract, query?: string): Promise<void> {
  const typed = columns.map(({ name, type }) => `${identifier(name)} ${duckType(type)}`);
  const names = columns.map(({ name }) => identifier(name)).join(', ');
  await engine.run('CREATE SCHEMA IF NOT EXISTS gold');
  await engine.run(`CREATE OR REPLACE TABLE ${CARRIED_TABLE} (${typed.join(', ')})`);
  if (query !== undefined)
    await engine.run(`INSERT INTO ${CARRIED_TABLE} SELECT ${names} FROM (${query}) AS made`);
}
