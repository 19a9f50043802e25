import { z } from 'zod';
import { loadContracts, requireSourceContract } from '../../etl/contract/load-contracts.ts';
import { resetBreaker } from '../../etl/operations/reset-breaker.ts';
import { openBreaker } from '../../etl/stages/make-plan.ts';
import type { Breaker } from '../../etl/stages/outcomes.ts';
import { DATASET } from './datasets.ts';
import { REASON } from './quarantine-decisions.ts';
import { route } from './route.ts';

const State = z.object({
  dataset: z.string(),
  state: z.enum(['open', 'closed']),
  openedAt: z.string().exactOptional(),
  runId: z.string().exactOptional().meta({ description: 'the run that opened it' }),
  code: z.string().exactOptional().meta({ description: 'the code of the errors that opened it' }),
  errors: z.int().exactOptional().meta({ description: 'how many of them' }),
  windowMinutes: z.number().exactOptional(),
  resetAt: z.string().exactOptional(),
});

/** What the API says of a breaker: whether it keeps runs from starting, and what opened it. */
const stateOf = (
  { dataset, openedAt, runId, code, count: errors, windowMinutes, resetAt }: Breaker,
  state: 'open' | 'closed',
): z.input<typeof State> => ({
  ...{ dataset, state, openedAt, runId, code, errors, windowMinutes },
  ...(resetAt === undefined ? {} : { resetAt }),
});

/** GET /v1/datasets/{dataset}/breaker. */
export const showBreaker = route({
  method: 'get',
  path: '/v1/datasets/{dataset}/breaker',
  permission: 'runs.read',
  tag: 'Runs',
  summary: 'Whether the circuit breaker of a dataset keeps its runs from starting, and what opened it',
  params: DATASET,
  answer: State,
  async handle({ params }, { lake: { effects } }) {
    const { dataset } = requireSourceContract(await loadContracts(effects.contracts), params.dataset);
    const breaker = await openBreaker(effects, dataset);
    return breaker === undefined ? { dataset, state: 'closed' as const } : stateOf(breaker, 'open');
  },
});

/** POST /v1/datasets/{dataset}/breaker/reset. */
export const resetBreakerOf = route({
  method: 'post',
  path: '/v1/datasets/{dataset}/breaker/reset',
  permission: 'runs.decide',
  tag: 'Runs',
  summary: 'Closes the circuit breaker of a dataset, so that its runs start again',
  params: DATASET,
  body: z.strictObject({
    openedAt: z.string().max(40).exactOptional().meta({
      description: 'of the breaker that was looked at: refused where it opened anew since',
    }),
    reason: REASON,
  }),
  answer: State,
  async handle({ params, body, identity }, { lake: { effects } }) {
    const { dataset } = requireSourceContract(await loadContracts(effects.contracts), params.dataset);
    return stateOf(await resetBreaker(effects, dataset, { ...body, by: identity.name }), 'closed');
  },
});
