import { checkContractSql } from '../contract/check-contract-sql.ts';
import type { Contract, GoldContract } from '../contract/contract.ts';
import { duckType } from '../contract/duck-type.ts';
import { tableColumns } from '../contract/table-columns.ts';
import type { Engine } from '../engine/engine.ts';
import { duckDbFault } from '../engine/engine-error.ts';
import { identifier } from '../engine/sql.ts';
import { tableName } from '../naming/datasets.ts';
import { bindMonths } from './bind-months.ts';
import { setCarried } from './carried.ts';
import { wrongClassification } from './check-classification.ts';
import { checkedGoldSql, goldSqlError } from './check-gold-sql.ts';
import { createTableView, viewColumns } from './rebuild.ts';
import { uncheckable } from './uncheckable.ts';
import { unrestricted, unsaidCarry, unusedCarry } from './wrong-carry.ts';

/** Any months do: what is checked is the same for all. */
const SOME_MONTHS = { from: 648, to: 649 };

/** A Gold table's SQL, and the contracts by dataset. */
export interface GoldMaking {
  readonly sql: string;
  readonly contracts: ReadonlyMap<string, Contract>;
}

/**
 * Checks a Gold contract and its SQL without any data, as `checkGoldSql`, and that each check of a column and each rule can be
 * run: ConfigError `CHECK_INVALID`, `RULE_INVALID`.
 */
export async function checkGold(engine: Engine, contract: GoldContract, making: GoldMaking): Promise<void> {
  await checkContractSql(engine, contract);
  await checkGoldSql(engine, contract, making);
}

/**
 * Checks Gold SQL without any data: that it is one query of the contract's inputs, names columns that they have, gives
 * those of the contract, publishes nothing protected under a lower classification, and that no check looks at what is
 * protected. Throws ConfigError `GOLD_SQL` that says what is wrong.
 */
export async function checkGoldSql(
  engine: Engine,
  contract: GoldContract,
  { sql, contracts }: GoldMaking,
): Promise<void> {
  const unsaid = unsaidCarry(contract, sql);
  if (unsaid !== undefined) throw goldSqlError(contract, unsaid);
  const query = await checkedGoldSql(engine, contract, bindMonths(sql, SOME_MONTHS));
  for (const input of contract.inputs) {
    const source = contracts.get(input);
    // The input's own check reports what is wrong with its contract.
    if (source === undefined) return;
    await createTableView(engine, tableName('silver', input), viewColumns(tableColumns(source)), []);
  }
  if (contract.carry === true) await setCarried(engine, contract);
  const sources = { query, contracts };
  const wrong =
    unusedCarry(contract, query) ??
    (await unrestricted(engine, contract, { sql, contracts })) ??
    (await wrongClassification(engine, contract, sources)) ??
    (await uncheckable(engine, contract, sources));
  if (wrong !== undefined) throw goldSqlError(contract, wrong);
  const columns = contract.columns.map(
    ({ name, type }) => `CAST(result.${identifier(name)} AS ${duckType(type)}) AS ${identifier(name)}`,
  );
  try {
    await engine.result(`SELECT ${columns.join(', ')} FROM (${query}) AS result`);
  } catch (error) {
    const fault = duckDbFault(error);
    if (fault === undefined) throw error;
    // There is no data that it could quote.
    throw goldSqlError(contract, `can't be run: ${fault.text}`);
  }
}
