import { type LoadedContracts, loadContracts } from '../contract/load-contracts.ts';
import { ContractError } from '../contract/problems.ts';
import { ConfigError } from '../errors.ts';
import { bronzePrefix } from '../naming/bronze.ts';
import type { Effects } from '../ports.ts';
import type { ProtectedColumn } from '../privacy/vault.ts';
import { protectedContracts } from './asked-subject.ts';

/**
 * The contracts by which people are looked for. Throws where the lake has sealed files of a dataset whose contract can't be
 * used (ContractError) or is not there (ConfigError `NO_CONTRACT`): whoever is asked about would be found in part, and
 * that would be told as everything.
 */
export async function contractsOfPeople(effects: Effects): Promise<LoadedContracts> {
  const loaded = await loadContracts(effects.contracts);
  for (const dataset of await sealedDatasets(effects, loaded)) {
    if (loaded.contracts.has(dataset) || !isDataset(dataset)) continue;
    // A vault may be several lakes'.
    if ((await effects.objects.list(bronzePrefix(dataset))).length === 0) continue;
    throw unknown(dataset, loaded);
  }
  return loaded;
}

/** The datasets that the vault sealed something of; none where there is no vault and no contract wants one. */
async function sealedDatasets({ vault }: Effects, { contracts }: LoadedContracts): Promise<Set<string>> {
  try {
    const columns = (await vault?.columns()) ?? new Map<string, ProtectedColumn>();
    return new Set([...columns.values()].map(({ dataset }) => dataset));
  } catch (error) {
    const isUnwanted = protectedContracts(contracts.values()).length === 0;
    if (error instanceof ConfigError && error.code === 'NO_VAULT' && isUnwanted) return new Set();
    throw error;
  }
}

/** Columns of Assay's own are of no dataset. */
const isDataset = (name: string): boolean => !name.startsWith('assay.');

function unknown(dataset: string, { unusable }: LoadedContracts): ConfigError {
  const problems = unusable.get(dataset);
  if (problems !== undefined) return new ContractError(problems);
  return new ConfigError(
    'NO_CONTRACT',
    `The lake has sealed files of ${dataset}, and no contract for it: nobody can be looked for there, and what is told of them or forgotten would lack it. Put its contract back.`,
    { context: { dataset } },
  );
}
