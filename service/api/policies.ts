import { z } from 'zod';
import { loadContracts } from '../../etl/contract/load-contracts.ts';
import { ConfigError } from '../../etl/errors.ts';
import type { ControlPlane } from '../../stream/policy/change-document.ts';
import { DatasetPolicy } from '../../stream/policy/dataset-policy.ts';
import { DatasetUrn, datasetOfUrn } from '../../stream/policy/dataset-urn.ts';
import { type KeptPolicy, putPolicy, readPolicy } from '../../stream/policy/put-policy.ts';
import { type KeptResolution, putResolution, readResolution } from '../../stream/policy/put-resolution.ts';
import { Resolution } from '../../stream/policy/resolution-rule.ts';
import { etagOf, namesTag } from '../http/etag.ts';
import { type Identity, isOwner } from '../identity/identity.ts';
import type { Service } from '../service.ts';
import { putRoute } from './put-route.ts';
import { route } from './route.ts';

/** The dataset that an address of the control plane names. */
const URN = z.strictObject({ dataset_urn: DatasetUrn });

/** How what is kept came to be. */
const CHANGED = {
  dataset_urn: z.string(),
  version: z.int().min(1).meta({ description: 'counted from 1; evidence names it' }),
  changed_at: z.string(),
  changed_by: z.string(),
};

const PolicyAnswer = z.object({ ...CHANGED, policy: DatasetPolicy });
const ResolutionAnswer = z.object({ ...CHANGED, rules: Resolution.shape.rules });

/** Why somebody changes something. */
const WHY = z.strictObject({
  reason: z
    .string()
    .trim()
    .min(1)
    .max(2000)
    .default('set by the API')
    .meta({ description: 'why; it is kept for good' }),
});

const changedOf = (urn: string, { version, changedAt, changedBy }: KeptPolicy | KeptResolution) => ({
  ...{ dataset_urn: urn, version, changed_at: changedAt, changed_by: changedBy },
});

const policyAnswer = (urn: string, kept: KeptPolicy): z.output<typeof PolicyAnswer> => ({
  ...changedOf(urn, kept),
  policy: kept.policy,
});

const resolutionAnswer = (urn: string, kept: KeptResolution): z.output<typeof ResolutionAnswer> => ({
  ...changedOf(urn, kept),
  rules: [...kept.rules],
});

const planeOf = ({ lake, policies, schemas }: Service): ControlPlane => ({
  ...{ effects: lake.effects, store: policies },
  ...(schemas === undefined ? {} : { registry: schemas }),
});

/** GET /v1/datasets/{dataset_urn}/policy. */
export const showPolicy = route({
  method: 'get',
  path: '/v1/datasets/{dataset_urn}/policy',
  permission: 'policies.read',
  tag: 'Events',
  summary: "The policy by which a dataset's events are checked",
  params: URN,
  answer: PolicyAnswer,
  async handle({ params: { dataset_urn: urn } }, { policies }) {
    const kept = await readPolicy(policies, urn);
    if (kept === undefined)
      throw new ConfigError('NO_POLICY', `${urn} has no policy: its events are judged, and only alerted of.`);
    return policyAnswer(urn, kept);
  },
});

/** PUT /v1/datasets/{dataset_urn}/policy. */
export const setPolicy = putRoute({
  path: '/v1/datasets/{dataset_urn}/policy',
  permission: 'policies.decide',
  tag: 'Events',
  summary: "Makes a policy hold for a dataset's events, within a minute; the same once more changes nothing",
  params: URN,
  query: WHY,
  body: DatasetPolicy,
  answer: PolicyAnswer,
  async handle({ params: { dataset_urn: urn }, query: { reason }, body, identity, ifMatch }, service) {
    const { kept, isNew } = await putPolicy(
      planeOf(service),
      { urn, policy: body },
      {
        word: { by: identity.name, reason },
        async require(before) {
          await requireOwner(urn, identity, { service, owners: before?.policy.owners });
          requireLookedAt(urn, ifMatch, before && policyAnswer(urn, before));
        },
      },
    );
    return { isNew, value: policyAnswer(urn, kept) };
  },
});

/** GET /v1/datasets/{dataset_urn}/resolution. */
export const showResolution = route({
  method: 'get',
  path: '/v1/datasets/{dataset_urn}/resolution',
  permission: 'policies.read',
  tag: 'Events',
  summary: 'The rules by which events are found to be of a dataset',
  params: URN,
  answer: ResolutionAnswer,
  async handle({ params: { dataset_urn: urn } }, { policies }) {
    const kept = await readResolution(policies, urn);
    if (kept === undefined) throw new ConfigError('NO_RESOLUTION', `No rules lead to ${urn}.`);
    return resolutionAnswer(urn, kept);
  },
});

/** PUT /v1/datasets/{dataset_urn}/resolution. */
export const setResolution = putRoute({
  path: '/v1/datasets/{dataset_urn}/resolution',
  permission: 'policies.decide',
  tag: 'Events',
  summary: 'Puts rules in the place of all by which events are found to be of a dataset',
  params: URN,
  query: WHY,
  body: Resolution,
  answer: ResolutionAnswer,
  async handle({ params: { dataset_urn: urn }, query: { reason }, body, identity, ifMatch }, service) {
    const { kept, isNew } = await putResolution(
      planeOf(service),
      { urn, rules: body.rules },
      {
        word: { by: identity.name, reason },
        async require(before) {
          const policy = await readPolicy(service.policies, urn);
          await requireOwner(urn, identity, { service, owners: policy?.policy.owners });
          requireLookedAt(urn, ifMatch, before && resolutionAnswer(urn, before));
        },
      },
    );
    return { isNew, value: resolutionAnswer(urn, kept) };
  },
});

/** Throws ConfigError `NOT_YOUR_DATASET` where neither the policy, nor without one the contract, names a team of the asker's. */
async function requireOwner(
  urn: string,
  identity: Identity,
  { service, owners }: { readonly service: Service; readonly owners: readonly string[] | undefined },
): Promise<void> {
  const named = owners ?? (await contractOwner(urn, service));
  if (isOwner(identity, named)) return;
  const whose = named.length === 0 ? 'nobody is named as its owner' : `it belongs to ${named.join(', ')}`;
  throw new ConfigError(
    'NOT_YOUR_DATASET',
    `${identity.name} may not decide on ${urn}: ${whose}. Whoever keeps their account makes them one of a team (owner:TEAM); an admin may decide on every dataset.`,
    { context: { dataset_urn: urn } },
  );
}

async function contractOwner(urn: string, { lake: { effects } }: Service): Promise<readonly string[]> {
  const contract = (await loadContracts(effects.contracts)).contracts.get(datasetOfUrn(urn));
  return contract === undefined ? [] : [contract.owner];
}

/** Throws ConfigError `CHANGED` where what stands there isn't any more what an If-Match header names. */
function requireLookedAt(urn: string, ifMatch: string | undefined, before: unknown): void {
  if (ifMatch === undefined) return;
  if (before !== undefined && namesTag(ifMatch, etagOf(JSON.stringify(before)))) return;
  throw new ConfigError('CHANGED', `What is said of ${urn} has changed since it was looked at: look again.`);
}
