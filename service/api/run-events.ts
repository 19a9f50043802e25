import { z } from 'zod';
import type { RunView } from '../runs/look-up-run.ts';
import { lookUpRun } from '../runs/look-up-run.ts';
import { eventsRoute } from './events-route.ts';
import { RUN } from './runs.ts';

/** GET /v1/runs/{runId}/events. */
export const runEvents = eventsRoute({
  path: '/v1/runs/{runId}/events',
  permission: 'runs.read',
  tag: 'Runs',
  summary: 'Follows a run: each event is what its address answers, the last is called end',
  params: RUN,
  look: async ({ params }, service) => toldOf(await lookUpRun(service, params.runId)),
});

const toldOf = (view: RunView): { readonly value: unknown; readonly isLast: boolean } =>
  view.kind === 'under-way' || view.state !== undefined
    ? { value: view.state, isLast: false }
    : { value: view.record, isLast: true };

/** GET /v1/events. */
export const lakeEvents = eventsRoute({
  path: '/v1/events',
  permission: 'runs.read',
  tag: 'Runs',
  summary: 'Follows the lake: each event tells the runs under way, and the id of the newest that has ended',
  params: z.strictObject({}),
  look: async (_, { runs }) => ({
    value: { underWay: await runs.now(), newest: await runs.newest() },
    isLast: false,
  }),
});
