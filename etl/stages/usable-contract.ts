import path from 'node:path';
import { checkContractSql, hasSqlToCheck } from '../contract/check-contract-sql.ts';
import type { SourceContract } from '../contract/contract.ts';
import { type LoadedContracts, requireSourceContract } from '../contract/load-contracts.ts';
import { withEngine } from '../engine/engine.ts';
import type { Effects } from '../ports.ts';

/** The contract of a dataset that files can be ingested for, its rules and checks such as DuckDB can run; throws ConfigError where any of it is wrong. */
export async function usableContract(
  effects: Effects,
  loaded: LoadedContracts,
  dataset: string,
): Promise<SourceContract> {
  const contract = requireSourceContract(loaded, dataset);
  if (!hasSqlToCheck(contract)) return contract;
  const scratch = await effects.openScratch('rules');
  try {
    await withEngine(effects.engine, path.join(scratch.directory, 'spill'), (engine) =>
      checkContractSql(engine, contract),
    );
  } finally {
    await scratch.dispose();
  }
  return contract;
}
