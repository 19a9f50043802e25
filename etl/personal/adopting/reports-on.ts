import type { GoldContract, ProjectionContract } from '../../contract/contract.ts';
import type { LoadedContracts } from '../../contract/load-contracts.ts';
import { madeOf } from '../../contract/made-of.ts';

/** The Gold tables and projections that are made from a dataset. */
export function reportsOn(
  { contracts }: Pick<LoadedContracts, 'contracts'>,
  dataset: string,
): (GoldContract | ProjectionContract)[] {
  return [...contracts.values()].flatMap((contract) =>
    contract.layer !== 'silver' && madeOf(contract).includes(dataset) ? [contract] : [],
  );
}
