import path from 'node:path';
import { checkRules } from '../etl/contract/check-rules.ts';
import type { SourceContract } from '../etl/contract/contract.ts';
import { type LoadedContracts, requireSourceContract } from '../etl/contract/load-contracts.ts';
import { withEngine } from '../etl/engine/engine.ts';
import type { Effects } from '../etl/ports.ts';

/** The contract of a dataset that files can be ingested for, its record rules parsed; throws ConfigError where any of it is wrong. */
export async function usableContract(
  effects: Effects,
  loaded: LoadedContracts,
  dataset: string,
): Promise<SourceContract> {
  const contract = requireSourceContract(loaded, dataset);
  if (contract.rules.length === 0) return contract;
  const scratch = await effects.openScratch('rules');
  try {
    await withEngine(effects.engine, path.join(scratch.directory, 'spill'), (engine) =>
      checkRules(engine, contract),
    );
  } finally {
    await scratch.dispose();
  }
  return contract;
}
