import type { Contract } from '../../etl/contract/contract.ts';
import { checkHealth, type Health } from '../../etl/operations/check-health.ts';
import type { Effects } from '../../etl/ports.ts';
import type { RunRecord } from '../../etl/stages/outcomes.ts';
import { lastRuns } from './parts/last-runs.ts';

/** From this age on what is known of a dataset is looked at again. */
const FRESH_MS = 2000;

/** So long a page waits for what is looked at again; then it shows what was known before. */
const PATIENCE_MS = 150;

/** What the overview tells of a dataset, and when it was looked at. */
export interface DatasetState {
  readonly contract: Contract;
  readonly health: Health;
  /** Newest first. */
  readonly runs: readonly RunRecord[];
  readonly lookedAt: Date;
}

/** What is known of all datasets: looking at 200 takes longer than a page may. */
export interface Board {
  /**
   * The state of each dataset, looked at now where nothing is known of it. What is old is looked at again; where that takes
   * longer than a page may wait, the old state is told, and the new one to who asks next.
   */
  states(contracts: readonly Contract[]): Promise<readonly DatasetState[]>;
  /** Has a dataset looked at anew by who asks next, because something was decided about it. */
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
    // What can't be looked at now is forgotten: who asks next looks, and is told why it can't be.
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
