import { z } from 'zod';
import { loadContracts, requireSourceContract } from '../../etl/contract/load-contracts.ts';
import { ID_LENGTH } from '../../etl/quarantine/read-records.ts';
import { listReleaseRequests } from '../../etl/quarantine/release-requests.ts';
import { approveRelease, refuseRelease } from '../../etl/quarantine/releases.ts';
import { DATASET } from './datasets.ts';
import { REASON } from './quarantine-decisions.ts';
import { route } from './route.ts';

const Request = z.object({
  dataset: z.string(),
  request: z.string(),
  askedBy: z.string(),
  askedAt: z.string(),
  reason: z.string(),
  records: z.int(),
});

/** GET /v1/datasets/{dataset}/releases. */
export const listReleases = route({
  method: 'get',
  path: '/v1/datasets/{dataset}/releases',
  permission: 'quarantine.read',
  tag: 'Quarantine',
  summary: 'Releases of condemned records that were asked for and wait for another person',
  params: DATASET,
  answer: z.object({ requests: z.array(Request) }),
  async handle({ params }, { lake: { effects } }) {
    const { dataset } = requireSourceContract(await loadContracts(effects.contracts), params.dataset);
    return { requests: await listReleaseRequests(effects, dataset) };
  },
});

const REQUEST = DATASET.extend({
  request: z.string().regex(/^[\w-]{1,80}$/, 'is no id of a request'),
});

/** POST /v1/datasets/{dataset}/releases/{request}/approve. */
export const approveRequest = route({
  method: 'post',
  path: '/v1/datasets/{dataset}/releases/{request}/approve',
  permission: 'quarantine.release',
  tag: 'Quarantine',
  summary: 'Releases the records that somebody else asked for: they are open again, with all their attempts',
  params: REQUEST,
  body: z.strictObject({ reason: REASON }),
  answer: z.object({
    dataset: z.string(),
    request: z.string(),
    askedBy: z.string(),
    approvedBy: z.string(),
    records: z.array(z.string()),
  }),
  async handle({ params, body: { reason }, identity }, { lake: { effects } }) {
    const { dataset } = requireSourceContract(await loadContracts(effects.contracts), params.dataset);
    const word = { by: identity.name, reason };
    const released = await approveRelease(effects, dataset, params.request, word);
    return { ...released, records: released.records.map((hash) => hash.slice(0, ID_LENGTH)) };
  },
});

/** POST /v1/datasets/{dataset}/releases/{request}/refuse. */
export const refuseRequest = route({
  method: 'post',
  path: '/v1/datasets/{dataset}/releases/{request}/refuse',
  permission: 'quarantine.release',
  tag: 'Quarantine',
  summary: 'Refuses a release, or takes back what one asked for: its records stay condemned',
  params: REQUEST,
  body: z.strictObject({ reason: REASON }),
  answer: z.object({
    dataset: z.string(),
    request: z.string(),
    askedBy: z.string(),
    refusedBy: z.string(),
  }),
  async handle({ params, body: { reason }, identity }, { lake: { effects } }) {
    const { dataset } = requireSourceContract(await loadContracts(effects.contracts), params.dataset);
    return await refuseRelease(effects, dataset, params.request, { by: identity.name, reason });
  },
});
