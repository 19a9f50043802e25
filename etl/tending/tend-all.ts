import type { Contract } from '../contract/contract.ts';
import { PRIVACY_DATASET } from '../naming/privacy.ts';
import { tendingKey } from '../naming/upkeep.ts';
import { renewVault } from '../personal/retention.ts';
import type { Effects } from '../ports.ts';
import { parseDocument } from '../stages/stored-documents.ts';
import { type TendBounds, type Tended, Tending, tend } from './tend.ts';

/** What came of many: those that were tended, and the first error. */
export interface TendedAll {
  readonly tended: readonly Tended[];
  /** Datasets that there was no time for; they come first the next time. */
  readonly left: readonly string[];
  /** Whether the vault was sealed under a new key. */
  readonly isVaultRenewed: boolean;
  readonly errors: readonly { readonly dataset: string; readonly error: unknown }[];
}

/**
 * The upkeep of many datasets and Gold tables, those first that wait longest, until a moment by the clock. An error of one
 * keeps no other from it.
 */
export async function tendAll(
  effects: Effects,
  contracts: Iterable<Contract>,
  { bounds, untilMs = Number.POSITIVE_INFINITY }: { readonly bounds: TendBounds; readonly untilMs?: number },
): Promise<TendedAll> {
  const tended: Tended[] = [];
  const left: string[] = [];
  const errors: { dataset: string; error: unknown }[] = [];
  const all = [...contracts];
  for (const contract of await inOrder(effects, all)) {
    const { dataset } = contract;
    if (effects.clock.now().getTime() >= untilMs) {
      left.push(dataset);
      continue;
    }
    try {
      tended.push(await tend(effects, contract, bounds));
    } catch (error) {
      errors.push({ dataset, error });
    }
  }
  let isVaultRenewed = false;
  try {
    isVaultRenewed = await renewVault(effects, all);
  } catch (error) {
    errors.push({ dataset: PRIVACY_DATASET, error });
  }
  return { tended, left, isVaultRenewed, errors };
}

async function inOrder({ objects }: Effects, contracts: Iterable<Contract>): Promise<Contract[]> {
  const waiting = await Promise.all(
    [...contracts].map(async (contract) => {
      const key = tendingKey(contract.dataset);
      const stored = await objects.get(key);
      return { contract, at: stored === undefined ? '' : parseDocument(stored.body, key, Tending).at };
    }),
  );
  return waiting.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0)).map(({ contract }) => contract);
}
