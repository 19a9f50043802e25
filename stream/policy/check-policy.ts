import type { Contract } from '../../etl/contract/contract.ts';
import { isProtected, protectionOf } from '../../etl/privacy/protection.ts';
import type { RegisteredSchema } from '../registry/registry.ts';
import { readContractId } from './contract-id.ts';
import type { DatasetPolicy } from './dataset-policy.ts';
import { datasetOfUrn } from './dataset-urn.ts';
import type { ResolutionRule } from './resolution-rule.ts';

/** What a policy is compared with. */
export interface PolicySurroundings {
  /** The contract that the policy's contract_id names; undefined where there is none of that version. */
  readonly contract: Contract | undefined;
  /** The schema that its schema_id names; `unasked` where it names none, or no registry is at hand. */
  readonly schema: RegisteredSchema | undefined | 'unasked';
  /** Whether a registry of schemas is at hand. */
  readonly hasRegistry: boolean;
  readonly rules: readonly ResolutionRule[];
}

/** What makes no sense in a policy whose form is right; empty where all does. */
export function checkPolicy(policy: DatasetPolicy, around: PolicySurroundings): readonly string[] {
  return [
    ...contractProblems(policy, around),
    ...schemaProblems(policy, around),
    ...topicProblems(policy, around),
    ...producerProblems(policy),
  ];
}

function contractProblems(policy: DatasetPolicy, { contract }: PolicySurroundings): string[] {
  const { dataset, major } = readContractId(policy.contract_id);
  const own = datasetOfUrn(policy.dataset_urn);
  if (dataset !== own)
    return [`contract_id ${policy.contract_id} is the contract of ${dataset}, and the dataset is ${own}`];
  if (contract === undefined)
    return [
      `contract_id ${policy.contract_id}: there is no contract of ${dataset} with major version ${major}`,
    ];
  if (contract.layer !== 'silver')
    return [
      `contract_id ${policy.contract_id} is a ${contract.layer === 'gold' ? 'Gold table' : 'projection'}: no events come for it`,
    ];
  return policy.pii_policy === 'ALLOW' && isProtected(protectionOf(contract))
    ? [
        `pii_policy ALLOW: the contract of ${dataset} protects values, so that personal data in its other columns is never allowed; write BLOCK or ALERT`,
      ]
    : [];
}

function schemaProblems({ schema_id }: DatasetPolicy, { schema, hasRegistry }: PolicySurroundings): string[] {
  if (schema_id === undefined) return [];
  if (!hasRegistry)
    return [
      `schema_id ${schema_id}: no schema registry is named here, so that nobody can say whether it exists`,
    ];
  return schema === undefined ? [`schema_id ${schema_id}: the registry knows no such schema`] : [];
}

function topicProblems(
  { enforcement_mode, republish_topic }: DatasetPolicy,
  { rules }: PolicySurroundings,
): string[] {
  if (enforcement_mode === 'REPUBLISH_PASS_ONLY' && republish_topic === undefined)
    return ['enforcement_mode REPUBLISH_PASS_ONLY needs a republish_topic'];
  return isSource(rules, republish_topic)
    ? [
        `republish_topic ${republish_topic} is a source of events itself: what is sent there would come again and again`,
      ]
    : [];
}

const isSource = (rules: readonly ResolutionRule[], topic: string | undefined): boolean =>
  rules.some(({ source_type, source_value }) => source_type === 'TOPIC' && source_value === topic);

/** One principal, or one topic, can't be two producers. */
function producerProblems({ producers = [] }: DatasetPolicy): string[] {
  const ids = new Map<string, Set<string>>();
  for (const rule of producers) {
    const who = 'principal' in rule ? `principal ${rule.principal}` : `topic ${rule.topic}`;
    ids.set(who, (ids.get(who) ?? new Set()).add(rule.producer_id));
  }
  return [...ids].flatMap(([who, several]) =>
    several.size > 1 ? [`producers: ${who} is ${[...several].join(' and ')} at once`] : [],
  );
}
