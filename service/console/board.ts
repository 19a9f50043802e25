import type { Contract } from '../../etl/contract/contract.ts';
import type { Health } from '../../etl/operations/check-health.ts';
import type { Effects } from '../../etl/ports.ts';
import type { LookAtHealth } from '../health/kept-health.ts';
import { openRecentRuns, type RunCounts } from './recent-runs.ts';

/** An older dataset state is refreshed. */
const FRESH_MS = 2000;

/** Looking takes a part of a processor, and no more: after a refresh, so many times as long as it took nothing is looked at. */
const REST = 4;

/** How long a page waits for a refresh before it shows the old state. */
const PATIENCE_MS = 150;

/** So many datasets are looked at within that time; a page doesn't wait for more. */
const FEW = 20;

/** Between looks at more than a few, pages have the processor for as long as a look took, and no longer than this. */
const MOST_PAUSE_MS = 50;

/** How long a page looks at datasets that were never looked at, as the first one after a start. */
const FIRST_MS = 500;

/** What the overview tells of a dataset, and when it was looked at. */
export interface DatasetState {
  readonly contract: Contract;
  readonly health: Health;
  /** Of the last 30 days, or the last one; newest first. */
  readonly runs: readonly RunCounts[];
  readonly lookedAt: Date;
}

/** What is known of datasets. */
export interface Told {
  readonly states: readonly DatasetState[];
  /** How many others are being looked at for the first time. */
  readonly missing: number;
}

/** The state of all datasets: reading 200 takes longer than a page may. */
export interface Board {
  /**
   * The state of each dataset; unknown ones are read now. Old ones are refreshed. Where that takes longer than a page
   * may wait, returns the old state, or leaves unknown ones out, and the next request gets them.
   */
  states(contracts: readonly Contract[]): Promise<Told>;
  /** Makes the next request read a dataset anew, after a decision about it. */
  forget(dataset: string): void;
}

const after = (ms: number): Promise<void> => new Promise((resolve) => void setTimeout(resolve, ms).unref());

/** Opens a board on which nothing is known yet. */
export function openBoard(effects: Effects, lookAtHealth: LookAtHealth): Board {
  const known = new Map<string, DatasetState>();
  const recentRuns = openRecentRuns(effects);
  const forgotten = new Set<string>();
  let refreshing: Promise<void> | undefined;
  let restUntilMs = 0;
  const nowMs = (): number => effects.clock.now().getTime();
  const look = async (contract: Contract): Promise<DatasetState> => {
    const lookedAt = effects.clock.now();
    const runs = contract.layer === 'silver' ? await recentRuns(contract.dataset) : [];
    const { health } = await lookAtHealth(contract);
    const state = { contract, health, runs, lookedAt };
    known.set(contract.dataset, state);
    return state;
  };
  const refresh = async (old: readonly Contract[]): Promise<void> => {
    const beganMs = nowMs();
    for (const contract of old) {
      const lookMs = nowMs();
      // Forget a failed one: the next request reads it and gets the error.
      await look(contract).catch(() => known.delete(contract.dataset));
      if (old.length > FEW) await after(Math.min(nowMs() - lookMs, MOST_PAUSE_MS));
    }
    restUntilMs = nowMs() + REST * (nowMs() - beganMs);
    refreshing = undefined;
  };
  return {
    async states(contracts) {
      const [old, unknown]: [Contract[], Contract[]] = [[], []];
      const beganMs = nowMs();
      const isRefreshing = refreshing !== undefined;
      for (const contract of contracts) {
        const state = known.get(contract.dataset);
        const isKnown = state?.contract.digest === contract.digest;
        if (isKnown && effects.clock.now().getTime() - state.lookedAt.getTime() > FRESH_MS)
          old.push(contract);
        if (isKnown) continue;
        const isFirst = !isRefreshing && nowMs() - beganMs < FIRST_MS;
        if (forgotten.delete(contract.dataset) || isFirst) await look(contract);
        else unknown.push(contract);
      }
      if (unknown.length > 0) refreshing ??= refresh(unknown);
      if (old.length > 0 && nowMs() >= restUntilMs) refreshing ??= refresh(old);
      const mayEndSoon = old.length + unknown.length <= FEW;
      if (refreshing !== undefined && mayEndSoon) await Promise.race([refreshing, after(PATIENCE_MS)]);
      const states = contracts.flatMap(({ dataset }) => known.get(dataset) ?? []);
      return { states, missing: contracts.length - states.length };
    },
    forget: (dataset) => {
      known.delete(dataset);
      forgotten.add(dataset);
    },
  };
}
