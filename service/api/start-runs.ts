import { z } from 'zod';
import { RunState } from '../runs/run-state.ts';
import { OF_DATASET } from './paging.ts';
import { route } from './route.ts';

/** POST /v1/runs. */
export const startRuns = route({
  method: 'post',
  path: '/v1/runs',
  permission: 'runs.start',
  tag: 'Runs',
  summary:
    'Starts a run of a dataset, or of each that has source files, in the background, one after another',
  body: z.strictObject({ dataset: OF_DATASET }),
  answer: z.object({
    runs: z.array(RunState.extend({ address: z.string().meta({ description: 'where to ask about it' }) })),
  }),
  isUnderWay: () => true,
  async handle({ body: { dataset }, identity }, { runs }) {
    const started = await runs.start(dataset, identity.name);
    return { runs: started.map((run) => ({ ...run, address: `/v1/runs/${run.runId}` })) };
  },
});
