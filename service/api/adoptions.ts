import { z } from 'zod';
import { loadContracts, requireSourceContract } from '../../etl/contract/load-contracts.ts';
import { previewAdoption } from '../../etl/personal/adopting/preview-adoption.ts';
import { type AdoptionState, adoptionsOf } from '../privacy/adoption-desk.ts';
import { failureOf } from '../privacy/failure-of.ts';
import { DATASET } from './datasets.ts';
import { REASON } from './quarantine-decisions.ts';
import { route } from './route.ts';

const TAG = 'Privacy';

const Adoption = z.object({
  dataset: z.string(),
  state: z.enum(['none', 'under-way', 'adopted', 'unchanged', 'failed']).meta({
    description:
      'of the adoption that this service was asked for last: unchanged where its run published nothing and nothing was removed',
  }),
  since: z.string().nullable(),
  by: z.string().nullable(),
  runId: z.string().nullable().meta({ description: 'the run that made the tables anew' }),
  removed: z.int().nullable().meta({ description: 'how many objects in the clear were removed' }),
  error: z.object({ code: z.string(), message: z.string() }).nullable(),
});

const NOTHING = { since: null, by: null, runId: null, removed: null, error: null };

/** What an adoption is told as. */
function told(dataset: string, state: AdoptionState | undefined): z.input<typeof Adoption> {
  if (state === undefined) return { ...NOTHING, dataset, state: 'none' };
  if (state.kind === 'under-way') {
    const { since, by } = state;
    return { ...NOTHING, dataset, state: 'under-way', since, by };
  }
  if (state.kind === 'failed') return { ...NOTHING, dataset, state: 'failed', error: failureOf(state.error) };
  const { run, record } = state.adopted;
  const removed = record && Object.values(record.removed).reduce((sum, keys) => sum + keys.length, 0);
  const runId = run?.runId ?? null;
  return { ...NOTHING, dataset, state: record === null ? 'unchanged' : 'adopted', runId, removed };
}

/** GET /v1/privacy/adoptions/{dataset}. */
export const showAdoption = route({
  method: 'get',
  path: '/v1/privacy/adoptions/{dataset}',
  permission: 'privacy.read',
  tag: TAG,
  summary: 'How the adoption of a dataset stands that this service was asked for',
  params: DATASET,
  answer: Adoption,
  async handle({ params: { dataset } }, { adoptions, lake: { effects } }) {
    requireSourceContract(await loadContracts(effects.contracts), dataset);
    return told(dataset, adoptions?.of(dataset));
  },
});

/** POST /v1/privacy/adoptions/{dataset}/preview. */
export const previewAdopt = route({
  method: 'post',
  path: '/v1/privacy/adoptions/{dataset}/preview',
  permission: 'privacy.decide',
  tag: TAG,
  summary: 'What adopting a dataset that became protected would do: nothing is done',
  params: DATASET,
  answer: z.object({
    dataset: z.string(),
    isRemovingOnly: z.boolean(),
    files: z.int(),
    repeats: z.int(),
    bytes: z.int(),
    retries: z.int(),
    corrections: z.int(),
    isMigration: z.boolean(),
    snapshots: z.record(z.string(), z.int()),
    staged: z.int(),
    historyFrom: z.string().nullable(),
  }),
  async handle({ params: { dataset } }, { lake: { effects } }) {
    const preview = await previewAdoption(effects, dataset);
    return { ...preview, snapshots: { ...preview.snapshots } };
  },
});

/** POST /v1/privacy/adoptions/{dataset}. */
export const adoptDataset = route({
  method: 'post',
  path: '/v1/privacy/adoptions/{dataset}',
  permission: 'privacy.decide',
  tag: TAG,
  summary:
    'Seals all files of a dataset that became protected, makes its tables anew, and removes what is in the clear; the answer comes within a second, and says whether it is still under way',
  params: DATASET,
  body: z.strictObject({
    reason: REASON,
    acceptLosses: z.boolean().default(false).meta({ description: 'also where records leave Silver by it' }),
    discardUnreadable: z
      .boolean()
      .default(false)
      .meta({ description: 'let files go that cannot be read, and of which nothing was ever made' }),
  }),
  answer: Adoption,
  isUnderWay: ({ state }) => state === 'under-way',
  async handle({ params: { dataset }, body, identity }, service) {
    const state = await adoptionsOf(service).adopt({ ...body, dataset, by: identity.name });
    if (state.kind === 'failed') throw state.error;
    return told(dataset, state);
  },
});
