import type { GoldContract } from '../../contract/contract.ts';
import type { LoadedContracts } from '../../contract/load-contracts.ts';

/** The Gold tables that are made from a dataset. */
export function reportsOn(
  { contracts }: Pick<LoadedContracts, 'contracts'>,
  dataset: string,
): GoldContract[] {
  return [...contracts.values()].flatMap((contract) =>
    contract.layer === 'gold' && contract.inputs.includes(dataset) ? [contract] : [],
  );
}
