import { z } from 'zod';
import { ConfigError } from '../../etl/errors.ts';
import { approveRun } from '../../etl/operations/approve-run.ts';
import { refuseRun, type Word } from '../../etl/operations/decide-run.ts';
import { heldRunKeys, readRun, requireRun, runKeys } from '../../etl/operations/find-run.ts';
import { RunRecord } from '../../etl/stages/outcomes.ts';
import { etagOf, namesTag } from '../http/etag.ts';
import { lookUpRun } from '../runs/look-up-run.ts';
import { RunState } from '../runs/run-state.ts';
import type { Service } from '../service.ts';
import { newestPage } from './newest.ts';
import { Next, OF_DATASET, PAGE_QUERY, placeOf } from './paging.ts';
import { route } from './route.ts';

/** A run in an address. */
export const RUN = z.strictObject({ runId: z.string().regex(/^[\w-]{1,80}$/, 'is no id of a run') });

const RunSummary = RunRecord.omit({ files: true, controlTotals: true, unread: true });

/** GET /v1/runs. */
export const listRuns = route({
  method: 'get',
  path: '/v1/runs',
  permission: 'runs.read',
  tag: 'Runs',
  summary: 'The runs, newest first; a page may be short where a filter finds few',
  query: z.strictObject({
    ...PAGE_QUERY,
    dataset: OF_DATASET,
    status: RunRecord.shape.status.exactOptional().meta({ description: 'only those that ended so' }),
  }),
  answer: z.object({
    runs: z.array(RunSummary),
    underWay: z.array(RunState).meta({ description: 'with the first page, whatever the status' }),
    next: Next,
  }),
  async handle({ query: { dataset, status, limit, cursor } }, { lake: { effects }, runs }) {
    const keysOf = status === 'held' ? heldRunKeys : runKeys;
    const keys = keysOf(effects, { dataset, before: placeOf(cursor) });
    const { page, next } = await newestPage(keys, {
      limit,
      read: (key) => readRun(effects, key),
      isMeant: (run) => status === undefined || run.status === status,
    });
    const now = cursor === undefined ? await runs.now() : [];
    return {
      runs: page.map(({ files: _, controlTotals: __, unread: ___, ...run }) => run),
      underWay: now.filter((run) => dataset === undefined || run.dataset === dataset),
      next,
    };
  },
});

/** GET /v1/runs/{runId}. */
export const showRun = route({
  method: 'get',
  path: '/v1/runs/{runId}',
  permission: 'runs.read',
  tag: 'Runs',
  summary: 'A run: what became of each file, the reasons, the control totals, the seal; or how far it is',
  params: RUN,
  answer: z.union([RunRecord, RunState]),
  isUnderWay: ({ status }) => status === 'queued' || status === 'running' || status === 'silent',
  async handle({ params }, service) {
    const view = await lookUpRun(service, params.runId);
    return view.kind === 'recorded' ? (view.state ?? view.record) : view.state;
  },
});

const reason = z.string().trim().min(1).max(2000).meta({ description: 'why; it is kept for good' });

/** POST /v1/runs/{runId}/approve. */
export const approve = route({
  method: 'post',
  path: '/v1/runs/{runId}/approve',
  permission: 'runs.decide',
  tag: 'Runs',
  summary: 'Publishes a held run, under the digest of the seal that was looked at',
  params: RUN,
  body: z.strictObject({
    digest: z.string().min(1).max(100).meta({ description: "the run's sealDigest" }),
    reason,
  }),
  answer: RunRecord,
  async handle({ params, body, identity, ifMatch }, { lake }) {
    const run = await lookedAt(lake, params.runId, ifMatch);
    return await approveRun(lake, run, { ...body, by: identity.name });
  },
});

/** POST /v1/runs/{runId}/refuse. */
export const refuse = route({
  method: 'post',
  path: '/v1/runs/{runId}/refuse',
  permission: 'runs.decide',
  tag: 'Runs',
  summary: 'Decides that a held run is not published: its files are set aside until the contract changes',
  params: RUN,
  body: z.strictObject({ reason }),
  answer: RunRecord,
  async handle({ params, body, identity, ifMatch }, { lake }) {
    const { runId, dataset } = await lookedAt(lake, params.runId, ifMatch);
    const word: Word = { by: identity.name, reason: body.reason };
    return await refuseRun(lake.effects, { runId, dataset }, word);
  },
});

/** The run that is decided on; throws ConfigError `CHANGED` where it isn't any more what an If-Match header names. */
async function lookedAt(
  { effects }: Service['lake'],
  runId: string,
  ifMatch: string | undefined,
): Promise<RunRecord> {
  const run = await requireRun(effects, runId);
  if (ifMatch !== undefined && !namesTag(ifMatch, etagOf(JSON.stringify(run))))
    throw new ConfigError('CHANGED', `Run ${runId} has changed since it was looked at: look at it again.`, {
      context: { runId },
    });
  return run;
}
