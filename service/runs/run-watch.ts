import type { Clock, Effects } from '../../etl/ports.ts';
import { queued, type RunState } from './run-state.ts';

/** The runs of this process that are under way or wait for their turn. */
export interface RunWatch {
  /** To be given to the lake's effects: by these, runs are known, whoever starts them. */
  readonly told: Required<Pick<Effects, 'progress' | 'onStage'>>;
  /** In the order in which they were asked for. */
  states(): readonly RunState[];
  /** Notes that a run is wanted. */
  await(state: RunState): void;
  /** Forgets a run, or all runs of a dataset that have begun. */
  ended(which: { readonly runId: string } | { readonly dataset: string }): void;
  /** Calls a listener after every change, until what is returned is called. */
  listen(listener: () => void): () => void;
}

/** Watches the runs of this process. */
export function watchRuns(clock: Clock): RunWatch {
  const known = new Map<string, RunState>();
  const listeners = new Set<() => void>();
  const tell = (): void => {
    for (const listener of listeners) listener();
  };
  return {
    told: {
      onStage({ stage, dataset, runId }) {
        const since = clock.now().toISOString();
        const before = known.get(runId) ?? queued({ runId, dataset, since, by: null });
        known.set(runId, { ...before, status: 'running', stage });
        tell();
      },
      progress({ runId, doneBytes, totalBytes, doneRecords }) {
        const before = known.get(runId);
        // Ingesting files tells its progress, too.
        if (before === undefined) return;
        known.set(runId, { ...before, doneBytes, totalBytes, records: doneRecords ?? before.records });
        tell();
      },
    },
    states: () => [...known.values()],
    await(state) {
      known.set(state.runId, state);
      tell();
    },
    ended(which) {
      for (const { runId, dataset, status } of known.values()) {
        const isMeant =
          'runId' in which ? which.runId === runId : which.dataset === dataset && status === 'running';
        if (isMeant) known.delete(runId);
      }
      tell();
    },
    listen(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}
