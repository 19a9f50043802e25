import { z } from 'zod';
import { DatasetPolicy } from './dataset-policy.ts';
import { urnOfDataset } from './dataset-urn.ts';
import type { PolicySet, VersionedPolicy } from './policy-set.ts';
import { datasetOfName, type KeptDocument, type PolicyStore, RESOLUTION_NAME } from './policy-store.ts';
import { type ResolutionMap, readResolutionMap } from './resolution-map.ts';

/** What a store holds, as far as it can be read. */
export type StoredPolicies = Pick<PolicySet, 'policies' | 'rules' | 'broken'>;

/**
 * Reads every policy and the resolution map. One that can't be read stops no other: the last good one of `before` goes on
 * holding, and it is named as broken. Throws TransientError where the store can't be asked.
 */
export async function readPolicies(
  store: Pick<PolicyStore, 'current'>,
  before: StoredPolicies = NOTHING_READ,
): Promise<StoredPolicies> {
  const policies = new Map<string, VersionedPolicy>();
  const broken = new Map<string, string>();
  let rules: StoredPolicies['rules'] = [];
  for (const document of await store.current()) {
    const dataset = datasetOfName(document.name);
    if (document.name === RESOLUTION_NAME) rules = rulesOf(document, broken) ?? before.rules;
    if (dataset === undefined) continue;
    const urn = urnOfDataset(dataset);
    const policy = policyOf(document, urn, broken) ?? before.policies.get(urn);
    if (policy !== undefined) policies.set(urn, policy);
  }
  return { policies, rules, broken };
}

/** What is known before anything was read. */
export const NOTHING_READ: StoredPolicies = { policies: new Map(), rules: [], broken: new Map() };

function policyOf(
  { body, version }: KeptDocument,
  urn: string,
  broken: Map<string, string>,
): VersionedPolicy | undefined {
  const parsed = DatasetPolicy.safeParse(body);
  if (parsed.success && parsed.data.dataset_urn === urn) return { policy: parsed.data, version };
  broken.set(urn, parsed.success ? `it is for ${parsed.data.dataset_urn}` : z.prettifyError(parsed.error));
  return undefined;
}

function rulesOf(document: KeptDocument, broken: Map<string, string>): ResolutionMap['rules'] | undefined {
  try {
    return readResolutionMap(document).rules;
  } catch (error) {
    broken.set(RESOLUTION_NAME, String(error));
    return undefined;
  }
}
