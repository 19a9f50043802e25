import { loadContracts } from '../contract/load-contracts.ts';
import { madeOf } from '../contract/made-of.ts';
import { renewVault } from '../personal/retention.ts';
import type { Effects } from '../ports.ts';
import { type TendBounds, type Tended, tend } from './tend.ts';

/** The upkeep of a dataset and of the Gold tables and projections that are made of it, and of the vault; nothing for one that has no contract. */
export async function tendDataset(effects: Effects, dataset: string, bounds: TendBounds): Promise<Tended[]> {
  const { contracts } = await loadContracts(effects.contracts);
  const tended: Tended[] = [];
  for (const contract of contracts.values()) {
    const isOfIt = madeOf(contract).includes(dataset);
    if (contract.dataset === dataset || isOfIt) tended.push(await tend(effects, contract, bounds));
  }
  await renewVault(effects, contracts.values());
  return tended;
}
