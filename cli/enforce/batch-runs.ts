import type { Outcome } from '../../etl/operations/run-datasets.ts';
import { runDatasets } from '../../etl/operations/run-datasets.ts';
import type { BatchRuns } from '../../stream/ports.ts';
import type { CommandLake } from '../open-lake.ts';
import { watchQueue } from '../watch-queue.ts';

/** How datasets are run beside an enforcer. */
export interface BatchRunsOptions {
  /** So long at least lies between a landing and the run that it asks for: what lands meanwhile is one run. */
  readonly everyMs: number;
  readonly onOutcome: (outcome: Outcome) => Promise<void>;
  readonly onTrouble: (error: unknown) => void;
}

/** Runs of datasets beside an enforcer, in turn. */
export interface RunningBatches extends BatchRuns {
  /** Asks for runs of datasets that got files, within the time that lies between two. */
  landed(datasets: Iterable<string>): void;
  /** Asks for runs of datasets that an earlier process may have left events of; of one that has none, nothing is told. */
  left(datasets: Iterable<string>): void;
  /** Ends after the run under way. */
  close(): Promise<void>;
}

/** Runs datasets one after the other as they are asked for; one that is asked for while it runs is run again. */
export function batchRuns(lake: CommandLake, options: BatchRunsOptions): RunningBatches {
  const queue = watchQueue();
  const timers = new Map<string, NodeJS.Timeout>();
  const quiet = new Set<string>();
  const work = async (): Promise<void> => {
    for (;;) {
      await queue.arrival();
      const next = queue.take();
      if (next === undefined || queue.isClosed) return;
      const isQuiet = quiet.delete(next.dataset);
      try {
        for await (const outcome of runDatasets(lake, next.dataset))
          if (!isQuiet || hasWork(outcome)) await options.onOutcome(outcome);
      } catch (error) {
        options.onTrouble(error);
      }
    }
  };
  const ended = work();
  const due = (dataset: string): void => {
    timers.delete(dataset);
    quiet.delete(dataset);
    queue.addRun(dataset);
  };
  return {
    async request(dataset) {
      quiet.delete(dataset);
      queue.addRun(dataset);
    },
    left(datasets) {
      for (const dataset of datasets) {
        quiet.add(dataset);
        queue.addRun(dataset);
      }
    },
    landed(datasets) {
      for (const dataset of datasets)
        if (!timers.has(dataset)) timers.set(dataset, setTimeout(due, options.everyMs, dataset));
    },
    async close() {
      for (const timer of timers.values()) clearTimeout(timer);
      queue.close();
      await ended;
    },
  };
}

const hasWork = (outcome: Outcome): boolean =>
  outcome.kind === 'error' || outcome.run.status !== 'nothing-to-do';
