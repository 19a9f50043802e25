import type { DatasetPolicy } from './dataset-policy.ts';
import type { ResolutionRule } from './resolution-rule.ts';

/** A policy and which of its versions it is. */
export interface VersionedPolicy {
  readonly policy: DatasetPolicy;
  readonly version: number;
}

/** What is known of policies at a moment. */
export interface PolicySet {
  /** By URN of the dataset. */
  readonly policies: ReadonlyMap<string, VersionedPolicy>;
  readonly rules: readonly ResolutionRule[];
  /** What is wrong with policies that can't be read, by URN; the last good one of them stands in `policies`, if there was one. */
  readonly broken: ReadonlyMap<string, string>;
  /** When the store was read; null where it never could be. */
  readonly readAt: Date | null;
  /** Whether the store can't be asked: what it has by now may be another. */
  readonly isStale: boolean;
}

/** Why the safe default stands in the place of a policy. */
export type WhyDefault = 'POLICY_MISSING' | 'POLICY_BROKEN' | 'POLICY_STORE_UNAVAILABLE';

/** The policy by which a dataset's events are dealt with. */
export interface EffectivePolicy {
  /** Without `contract_id` where it is the default. */
  readonly policy: Omit<DatasetPolicy, 'contract_id'> & { readonly contract_id?: string };
  /** Null where it is the default. */
  readonly version: number | null;
  /** Set where it is the default: evidence says it. */
  readonly why?: WhyDefault;
}

/** The policy of a dataset; the safe default, which only alerts and sends nothing on, where there is none that can be used. */
export function effectivePolicy(set: PolicySet, urn: string): EffectivePolicy {
  const known = set.policies.get(urn);
  if (known !== undefined) return known;
  const why = set.broken.has(urn)
    ? 'POLICY_BROKEN'
    : set.isStale
      ? 'POLICY_STORE_UNAVAILABLE'
      : 'POLICY_MISSING';
  return {
    policy: { dataset_urn: urn, enforcement_mode: 'ALERT_ONLY', pii_policy: 'ALERT', owners: [] },
    version: null,
    why,
  };
}
