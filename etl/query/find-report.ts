import type { GoldContract } from '../contract/contract.ts';
import { loadContracts, requireContract } from '../contract/load-contracts.ts';
import type { Effects } from '../ports.ts';
import { publishedContract } from '../stages/kept-contracts.ts';
import { goldReport } from './gold-report.ts';

/** The contract by which a report was published that a person means. Throws ConfigError `NO_REPORT`, or what is wrong with its contract. */
export async function findReport(effects: Effects, name: string): Promise<GoldContract> {
  const loaded = await loadContracts(effects.contracts);
  const named = goldReport(name, loaded.contracts.values());
  // If its contract is broken, report that.
  requireContract(loaded, named.dataset);
  return await publishedContract(effects.objects, named);
}
