import type { Contract } from '../../etl/contract/contract.ts';
import { checkHealth, type Health } from '../../etl/operations/check-health.ts';
import type { Effects } from '../../etl/ports.ts';
import type { RunRecord } from '../../etl/stages/outcomes.ts';
import { lastRuns } from './parts/last-runs.ts';

/** An older dataset state is refreshed. */
const FRESH_MS = 2000;

/** How long a page waits for a refresh before it shows the old state. */
const PATIENCE_MS = 150;

/** What the overview tells of a dataset, and when it was looked at. */
export interface DatasetState {
  readonly contract: Contract;
  readonly health: Health;
  /** Newest first. */
  readonly runs: readonly RunRecord[];
  readonly lookedAt: Date;
}

/** The state of all datasets: reading 200 takes longer than a page may. */
export interface Board {
  /**
   * The state of each dataset; unknown ones are read now. Old ones are refreshed. Where that takes longer than a page
   * may wait, returns the old state, and the next request gets the new one.
   */
  states(contracts: readonly Contract[]): Promise<readonly DatasetState[]>;
  /** Makes the next request read a dataset anew, after a decision about it. */
  forget(dataset: string): void;
}

const after = (ms: number): Promise<void> => new Promise((resolve) => void setTimeout(resolve, ms).unref());

/** Opens a board on which nothing is known yet. */
export function openBoard(effects: Effects): Board {
  const known = new Map<string, DatasetState>();
  let refreshing: Promise<void> | undefined;
  const look = async (contract: Contract): Promise<DatasetState> => {
    const lookedAt = effects.clock.now();
    const runs = contract.layer === 'silver' ? await lastRuns(effects, contract.dataset) : [];
    const state = { contract, health: await checkHealth(effects, contract), runs, lookedAt };
    known.set(contract.dataset, state);
    return state;
  };
  const refresh = async (old: readonly Contract[]): Promise<void> => {
    // Forget a failed one: the next request reads it and gets the error.
    for (const contract of old) await look(contract).catch(() => known.delete(contract.dataset));
    refreshing = undefined;
  };
  return {
    async states(contracts) {
      const old: Contract[] = [];
      for (const contract of contracts) {
        const state = known.get(contract.dataset);
        const isKnown = state?.contract.digest === contract.digest;
        if (isKnown && effects.clock.now().getTime() - state.lookedAt.getTime() > FRESH_MS)
          old.push(contract);
        if (!isKnown) await look(contract);
      }
      if (old.length > 0) refreshing ??= refresh(old);
      if (refreshing !== undefined) await Promise.race([refreshing, after(PATIENCE_MS)]);
      return await Promise.all(contracts.map((one) => known.get(one.dataset) ?? look(one)));
    },
    forget: (dataset) => void known.delete(dataset),
  };
}
