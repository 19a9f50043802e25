import type { Engine } from '../engine/engine.ts';
import { checkColumnsSql } from './check-columns-sql.ts';
import { checkRules } from './check-rules.ts';
import type { Contract, SourceContract } from './contract.ts';

const sound = new WeakSet<Contract>();

/** Whether a contract has checks that only DuckDB can say to be sound. */
export function hasSqlToCheck(contract: SourceContract): boolean {
  if (sound.has(contract)) return false;
  const { rules, columns, csv } = contract;
  return (
    rules.length > 0 ||
    csv.nullValues.length > 0 ||
    columns.some(({ checks }) => checks.some(({ kind }) => kind === 'pattern' || kind === 'values'))
  );
}

/** Throws ConfigError where a rule or a check of a contract can't be run: before any file is read. */
export async function checkContractSql(engine: Engine, contract: Contract): Promise<void> {
  if (sound.has(contract)) return;
  await checkRules(engine, contract);
  await checkColumnsSql(engine, contract);
  sound.add(contract);
}
