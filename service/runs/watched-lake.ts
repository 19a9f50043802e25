import type { RunningLake } from '../../etl/operations/approve-run.ts';
import type { RunWatch } from './run-watch.ts';

/** The lake with runs that are watched, whoever starts them. */
export function watchedLake({ effects, runs }: RunningLake, watch: RunWatch): RunningLake {
  const until = async <T>(which: Parameters<RunWatch['ended']>[0], work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } finally {
      watch.ended(which);
    }
  };
  return {
    effects,
    runs: {
      dataset: (dataset, options) => until({ dataset }, runs.dataset(dataset, options)),
      backfill: (run) => until({ runId: run.runId }, runs.backfill(run)),
      approved: (dataset, approval) => until({ runId: approval.runId }, runs.approved(dataset, approval)),
      resealed: (run) => until({ runId: run.runId }, runs.resealed(run)),
    },
  };
}
