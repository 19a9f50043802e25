import { loadContracts, requireSourceContract } from '../../etl/contract/load-contracts.ts';
import { runRecordKey } from '../../etl/naming/runs.ts';
import { runnable } from '../../etl/operations/run-datasets.ts';
import type { Effects } from '../../etl/ports.ts';
import type { RunDesk } from './run-desk.ts';
import { queued, type RunState } from './run-state.ts';
import { stagedView } from './staged-view.ts';

/** How often those who listen look again. */
const LOOK_MS = 2000;

/** By then a run that was asked for is planned, or had nothing to do. */
const PLANNED_MS = 120_000;

/** Has a platform run a dataset; returns the run, without waiting for it. */
export type RequestRun = (dataset: string) => Promise<{ readonly runId: string }>;

/** Runs that a platform is at work on: this process only asks for them, and knows of them what the lake knows. */
export function platformRunDesk(effects: Effects, request: RequestRun): RunDesk {
  const { clock, objects } = effects;
  const staged = stagedView(effects);
  const asked = new Map<string, RunState>();
  const isOver = async ({ dataset, runId, since }: RunState): Promise<boolean> =>
    clock.now().getTime() - Date.parse(since) > PLANNED_MS ||
    (await objects.get(runRecordKey(dataset, runId))) !== undefined;
  const unplanned = async (planned: readonly RunState[]): Promise<RunState[]> => {
    const seen = new Set(planned.map(({ runId }) => runId));
    for (const run of [...asked.values()])
      if (seen.has(run.runId) || (await isOver(run))) asked.delete(run.runId);
    return [...asked.values()];
  };
  return {
    async start(dataset, by) {
      const loaded = await loadContracts(effects.contracts);
      if (dataset !== undefined) requireSourceContract(loaded, dataset);
      const datasets = dataset === undefined ? runnable(loaded) : [dataset];
      const started = await Promise.all(
        datasets.map(async (name) => {
          const { runId } = await request(name);
          return queued({ runId, dataset: name, since: clock.now().toISOString(), by });
        }),
      );
      for (const run of started) asked.set(run.runId, run);
      return started;
    },
    // The platform's workflow goes on by itself, and is over before an answer must be there.
    publish: (_, __, work) => work(),
    async now() {
      const { runs } = await staged();
      return [...(await unplanned(runs)), ...runs];
    },
    newest: async () => (await staged()).newest,
    own: () => undefined,
    outcomeOf: () => undefined,
    listen(listener) {
      const looking = setInterval(listener, LOOK_MS);
      looking.unref();
      return () => clearInterval(looking);
    },
    ending: new AbortController().signal,
    end: () => undefined,
    close: async () => undefined,
  };
}
