import type { RunState } from '../../runs/run-state.ts';
import { datasetAt, lakeEventsAt, runAt, runEventsAt, runsAt } from '../addresses.ts';
import type { Action, PageView } from '../page.ts';
import { UnderWay } from '../parts/under-way.tsx';

/** How often the page of a run under way is asked for again, in seconds. */
const LOOK_AGAIN_SECONDS = 3;

/** How the page of a run under way follows it. */
export const followed = ({ runId }: RunState): Pick<PageView, 'refreshSeconds' | 'events'> => ({
  refreshSeconds: LOOK_AGAIN_SECONDS,
  events: runEventsAt(runId),
});

/** How a page follows all runs under way; by events also while there is none. */
export const followedAll = (runs: readonly RunState[]): Pick<PageView, 'refreshSeconds' | 'events'> => ({
  ...(runs.length === 0 ? {} : { refreshSeconds: LOOK_AGAIN_SECONDS }),
  events: lakeEventsAt,
});

/** The page of a run that has no record yet. */
export const underWayView = (state: RunState): PageView => ({
  title: `Run ${state.runId}`,
  ...followed(state),
  body: (
    <>
      <h1>Run of {state.dataset}</h1>
      <UnderWay runs={[state]} />
      <p class="soft">
        This page follows the run, and shows what became of it when it has ended. It goes on when the page is
        closed.
      </p>
    </>
  ),
});

/** Starts a run of the dataset that the form names, or of all. */
export const startRun: Action = {
  path: runsAt,
  permission: 'runs.start',
  async act({ form, identity, service, board }) {
    const { dataset } = form;
    const [first, ...others] = await service.runs.start(dataset, identity.name);
    for (const run of [first, ...others]) if (run !== undefined) board.forget(run.dataset);
    return first === undefined || others.length > 0 ? runsAt : runAt(first.runId);
  },
};

/** What a page says of a run that found nothing to do. */
export const NothingPending = ({ dataset }: { readonly dataset: string }) => (
  <p class="lead">
    Nothing was pending: every file of <a href={datasetAt(dataset)}>{dataset}</a> has been dealt with. Bring a
    file, and run again.
  </p>
);
