import type { GoldContract } from '../contract/contract.ts';
import { isOpen } from '../contract/open-columns.ts';
import { brokenChecks, checkText, type RowCheck, rowChecks } from '../contract/row-checks.ts';
import type { Engine } from '../engine/engine.ts';
import { identifier } from '../engine/sql.ts';
import { HIDDEN } from './figures.ts';
import { goldBroken } from './gold-error.ts';

/**
 * Throws DataError `GOLD_BREAKS_CONTRACT` where rows of `rebuilt` lack a required value, or break checks of columns or rules of the contract. The message
 * says which, how many rows, and the key of the first one, without values of columns that are neither public nor internal.
 */
export async function refuseBrokenRows(engine: Engine, contract: GoldContract): Promise<void> {
  const checks = [...requiredChecks(contract), ...(await rowChecks(engine, contract))];
  const broken = await brokenChecks(engine, checks, 'rebuilt');
  const said = [];
  for (const { check, rows } of broken) {
    const breaks = rows === 1 ? '1 row breaks' : `${rows} rows break`;
    said.push(`${breaks} ${checkText(check)} (the first: ${await firstKey(engine, contract, check)})`);
  }
  if (said.length > 0)
    throw goldBroken(contract, `${said.join('; ')}; mend the SQL, the records or the contract`);
}

const requiredChecks = ({ columns }: GoldContract): RowCheck[] =>
  columns
    .filter(({ required }) => required)
    .map(({ name }) => ({ rule: 'required', column: name, fails: `${identifier(name)} IS NULL` }));

/** `month 2024-01-01, town •••`: the key of the first row that breaks a check. */
async function firstKey(engine: Engine, contract: GoldContract, { fails }: RowCheck): Promise<string> {
  const keys = contract.key.map((name) => `CAST(${identifier(name)} AS VARCHAR) AS ${identifier(name)}`);
  const [row = {}] = await engine.rows(
    `SELECT ${keys.join(', ')} FROM rebuilt WHERE ${fails} ORDER BY ALL LIMIT 1`,
  );
  const shown = (name: string): string => {
    const column = contract.columns.find((one) => one.name === name);
    return column !== undefined && isOpen(column) ? shownText(row[name]) : HIDDEN;
  };
  return contract.key.map((name) => `${name} ${shown(name)}`).join(', ');
}

const shownText = (value: unknown): string => (typeof value === 'string' ? value : 'nothing');
