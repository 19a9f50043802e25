import { z } from 'zod';
import { loadContracts } from '../../etl/contract/load-contracts.ts';
import { ConfigError } from '../../etl/errors.ts';
import { requireRun } from '../../etl/operations/find-run.ts';
import { maskPreview } from '../../etl/operations/mask-preview.ts';
import { isAllowed } from '../identity/identity.ts';
import { previewOf } from '../previews.ts';
import { mutable } from './mutable.ts';
import { CHANGED_ROW } from './report-changes.ts';
import { route } from './route.ts';
import { RUN } from './runs.ts';

/** How long an answer waits for the computation. */
const PATIENCE_MS = 15_000;

const Figure = z.string().nullable();

/** GET /v1/runs/{runId}/preview. */
export const showPreview = route({
  method: 'get',
  path: '/v1/runs/{runId}/preview',
  permission: 'runs.read',
  tag: 'Runs',
  summary:
    'What approving a held run would publish: each Gold table by month, before and after. Nothing is published by asking',
  params: RUN,
  answer: z.object({
    runId: z.string(),
    sealDigest: z.string().nullable(),
    state: z.enum(['computing', 'ready']),
    outdated: z
      .string()
      .nullable()
      .meta({ description: 'why it can only be told once the run is sealed anew' }),
    reports: z.array(
      z.object({
        report: z.string(),
        closed: z
          .array(z.string())
          .meta({ description: 'closed months: they would stay, and the difference would wait' }),
        problem: z.string().nullable().meta({ description: 'why it would not be made' }),
        months: z.array(
          z.object({
            month: z.string(),
            unit: z.string().nullable(),
            rows: z.object({ before: z.int(), after: z.int() }),
            sums: z.array(z.object({ column: z.string(), before: Figure, after: Figure })),
          }),
        ),
        keyCount: z.int(),
        keys: z.array(z.object(CHANGED_ROW)),
      }),
    ),
  }),
  isUnderWay: ({ state }) => state === 'computing',
  async handle({ params, identity }, service) {
    const { effects } = service.lake;
    const run = await requireRun(effects, params.runId);
    const { runId, sealDigest } = run;
    if (run.status !== 'held')
      throw new ConfigError('NOT_HELD', `Run ${runId} waits for no decision: it is ${run.status}.`);
    const state = await previewOf(effects, run, PATIENCE_MS);
    if (state.kind === 'computing')
      return { runId, sealDigest, state: state.kind, outdated: null, reports: [] };
    const { contracts } = await loadContracts(effects.contracts);
    const seesAll = isAllowed(identity, 'protected.read', service);
    const { outdated, reports } = seesAll ? state.preview : maskPreview(state.preview, contracts);
    return { runId, sealDigest, state: state.kind, outdated, reports: mutable(reports) };
  },
});
