import type { Contract } from '../../etl/contract/contract.ts';
import { loadContracts } from '../../etl/contract/load-contracts.ts';
import { contractTextKey } from '../../etl/naming/generations.ts';
import type { Effects } from '../../etl/ports.ts';
import { keptContract } from '../../etl/stages/kept-contracts.ts';
import { readContractId } from './contract-id.ts';

/** Contracts and what was published under earlier ones. */
export type ContractsAtHand = Pick<Effects, 'contracts' | 'objects'>;

/**
 * The contract that an id names: the one in force where its major version is that, else the newest of that major version
 * under which something was published. Undefined where there is none.
 */
export async function findContract(
  { contracts, objects }: ContractsAtHand,
  contractId: string,
): Promise<Contract | undefined> {
  const { dataset, major } = readContractId(contractId);
  const isMeant = ({ version }: Contract): boolean => Number(version.split('.')[0]) === major;
  const current = (await loadContracts(contracts)).contracts.get(dataset);
  if (current !== undefined && isMeant(current)) return current;
  const kept: Contract[] = [];
  for (const digest of await keptDigests(objects, dataset)) {
    const contract = await keptContract(objects, dataset, digest);
    if (contract !== undefined && isMeant(contract)) kept.push(contract);
  }
  return kept.sort((a, b) => b.version.localeCompare(a.version, 'en', { numeric: true }))[0];
}

/** Digests of the contracts of a dataset whose texts are kept. */
async function keptDigests(objects: Effects['objects'], dataset: string): Promise<string[]> {
  const prefix = contractTextKey(dataset, '').replace(/\.yaml$/, '');
  const keys = (await objects.list(prefix)).map(({ key }) => key);
  return keys.flatMap((key) => (key.endsWith('.yaml') ? [key.slice(prefix.length, -'.yaml'.length)] : []));
}
