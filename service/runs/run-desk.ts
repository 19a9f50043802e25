import { loadContracts, requireSourceContract } from '../../etl/contract/load-contracts.ts';
import { ConfigError } from '../../etl/errors.ts';
import type { RunningLake } from '../../etl/operations/approve-run.ts';
import { type Outcome, runDatasets, runnable } from '../../etl/operations/run-datasets.ts';
import type { DatasetRun } from '../../etl/ports.ts';
import type { RunRecord } from '../../etl/stages/outcomes.ts';
import { newRunId } from '../../etl/stages/run-id.ts';
import { queued, type RunState } from './run-state.ts';
import type { RunWatch } from './run-watch.ts';
import { stagedView } from './staged-view.ts';

/** So many runs that ended without a record are remembered. */
const REMEMBERED = 200;

/** How often the lake is looked at for those who listen: runs of other processes tell nothing. */
const LOOK_MS = 1000;

/** How long a page waits for a run to be published before it follows it. */
const PATIENCE_MS = 1000;

/** Where runs are started, to go on in the background, and where those under way are known. */
export interface RunDesk {
  /**
   * Starts a run of a dataset, or of each that has a contract, and returns them at once. One that waits for its turn
   * already is the run that is returned: it will see all files. Throws ConfigError `NO_CONTRACT` and the like.
   */
  start(dataset: string | undefined, by: string): Promise<readonly RunState[]>;
  /**
   * Does what publishes a held run, and returns how it ended; undefined where that takes longer than a page may wait: then
   * it goes on in the background, and `outcomeOf` tells what stopped it.
   */
  publish(run: DatasetRun, by: string, work: () => Promise<RunRecord>): Promise<RunRecord | undefined>;
  /** The runs under way, or waiting for their turn: of this process, and those that the lake knows of. */
  now(): Promise<readonly RunState[]>;
  /** Id of the newest run that has a record; null where there is none of the last day. */
  newest(): Promise<string | null>;
  /** The run of an id, where this process is at work on it or will be. */
  own(runId: string): RunState | undefined;
  /** How a run that was started here ended, where no record of it is kept. */
  outcomeOf(runId: string): Outcome | undefined;
  /** Calls a listener whenever a run may have gone on, until what is returned is called. */
  listen(listener: () => void): () => void;
  /** Aborted when the service ends: who listens is let go. */
  readonly ending: AbortSignal;
  /** Starts nothing more, and lets go who listens. */
  end(): void;
  /** Resolves when the runs under way have ended. */
  close(): Promise<void>;
}

/** Runs one dataset after another, in the order in which they were asked for: together they would slow each other down. */
export function openRunDesk(lake: RunningLake, watch: RunWatch): RunDesk {
  const { clock, contracts } = lake.effects;
  const ended = new Map<string, Outcome>();
  const ending = new AbortController();
  const staged = stagedView(lake.effects);
  let last: Promise<void> = Promise.resolve();
  const remember = (runId: string, outcome: Outcome): void => {
    ended.set(runId, outcome);
    const [oldest] = ended.keys();
    if (ended.size > REMEMBERED && oldest !== undefined) ended.delete(oldest);
  };
  const work = async ({ dataset, runId }: RunState): Promise<void> => {
    try {
      if (ending.signal.aborted) return;
      for await (const outcome of runDatasets(lake, dataset, { runId })) {
        const isKept = outcome.kind === 'run' && outcome.run.status !== 'nothing-to-do';
        if (!isKept) remember(runId, outcome);
      }
    } catch (error) {
      remember(runId, { kind: 'error', dataset, error });
    } finally {
      watch.ended({ runId });
    }
  };
  const publishing = new Set<Promise<unknown>>();
  const publish = async (
    work: () => Promise<RunRecord>,
    { runId, dataset }: DatasetRun,
  ): Promise<RunRecord> => {
    try {
      const record = await work();
      ended.delete(runId);
      return record;
    } catch (error) {
      remember(runId, { kind: 'error', dataset, error });
      throw error;
    } finally {
      watch.ended({ runId });
    }
  };
  const one = (dataset: string, by: string): RunState => {
    const waiting = watch.states().find((state) => state.dataset === dataset && state.status === 'queued');
    if (waiting !== undefined) return waiting;
    const now = clock.now();
    const state = queued({ runId: newRunId(now), dataset, since: now.toISOString(), by });
    watch.await(state);
    last = last.then(() => work(state));
    return state;
  };
  return {
    async start(dataset, by) {
      if (ending.signal.aborted)
        throw new ConfigError('ENDING', 'The service is ending, and starts nothing any more.');
      const loaded = await loadContracts(contracts);
      if (dataset !== undefined) requireSourceContract(loaded, dataset);
      return (dataset === undefined ? runnable(loaded) : [dataset]).map((name) => one(name, by));
    },
    async publish(run, by, work) {
      const begun = queued({ ...run, since: clock.now().toISOString(), by });
      watch.await({ ...begun, status: 'running', stage: 'promote' });
      const done = publish(work, run);
      publishing.add(done);
      const forget = (): void => void publishing.delete(done);
      done.then(forget, forget);
      return await Promise.race([done, after(PATIENCE_MS)]);
    },
    async now() {
      const own = watch.states();
      const ids = new Set(own.map(({ runId }) => runId));
      return [...own, ...(await staged()).runs.filter(({ runId }) => !ids.has(runId))];
    },
    newest: async () => (await staged()).newest,
    own: (runId) => watch.states().find((one) => one.runId === runId),
    outcomeOf: (runId) => ended.get(runId),
    listen(listener) {
      const stop = watch.listen(listener);
      const looking = setInterval(listener, LOOK_MS);
      looking.unref();
      return () => {
        clearInterval(looking);
        stop();
      };
    },
    ending: ending.signal,
    end: () => ending.abort(),
    async close() {
      await last;
      await Promise.allSettled(publishing);
    },
  };
}

const after = (ms: number): Promise<undefined> =>
  new Promise((resolve) => void setTimeout(() => resolve(undefined), ms).unref());
