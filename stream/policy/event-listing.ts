import type { Contract } from '../../etl/contract/contract.ts';
import type { ListedEvents, ListedSchema } from '../../etl/site/listed-events.ts';
import { datasetOfUrn, UNKNOWN_DATASET, urnOfDataset } from './dataset-urn.ts';
import { type EffectivePolicy, effectivePolicy, type PolicySet } from './policy-set.ts';

/** What is known of events: policies and rules, and contracts by dataset. */
export interface KnownOfEvents {
  readonly set: PolicySet;
  readonly contracts: ReadonlyMap<string, Contract>;
}

/** The datasets of events, by name: those that have a policy, that a rule leads to, or whose contract says that it is one. */
export function listEvents(known: KnownOfEvents): ListedEvents[] {
  const { policies, rules, broken } = known.set;
  const declared = [...known.contracts.values()].filter((one) => columnsOf(one) !== undefined);
  const urns = [
    ...policies.keys(),
    ...rules.map(({ dataset_urn }) => dataset_urn),
    ...declared.map(({ dataset }) => urnOfDataset(dataset)),
    ...[...broken.keys()].filter((name) => name.startsWith('urn:dp:')),
  ];
  return [...new Set(urns)]
    .filter((urn) => urn !== UNKNOWN_DATASET)
    .sort()
    .map((urn) => listed(urn, known));
}

function listed(urn: string, { set, contracts }: KnownOfEvents): ListedEvents {
  const dataset = datasetOfUrn(urn);
  const contract = contracts.get(dataset);
  const { policy, version, why } = effectivePolicy(set, urn);
  const sources = set.rules.filter(({ dataset_urn }) => dataset_urn === urn);
  return {
    ...{ dataset, urn, why, description: contract?.description ?? '' },
    owners: policy.owners.length > 0 ? policy.owners : contract === undefined ? [] : [contract.owner],
    contractVersion: contract?.version,
    deprecated: contract?.deprecated,
    columns: contract === undefined ? undefined : columnsOf(contract),
    policyVersion: version ?? undefined,
    mode: policy.enforcement_mode,
    tier: policy.tier,
    sources: sources.map(({ source_type, source_value, extraction_rule, resolution_confidence }) => ({
      from: `${source_type.toLowerCase().replaceAll('_', ' ')} ${source_value}`,
      where: extraction_rule,
      confidence: resolution_confidence,
    })),
    schemas: schemasOf(policy),
    producers: producersOf(policy),
    gates: gatesOf(policy, contract),
  };
}

function columnsOf(contract: Contract): ListedEvents['columns'] {
  if (contract.layer !== 'silver' || contract.events === undefined) return undefined;
  const { stream, type, at, version, id } = contract.events;
  return { stream, type, at, version, id };
}

type Policy = EffectivePolicy['policy'];

function schemasOf({ schema_id, deprecated_schemas = [] }: Policy): ListedSchema[] {
  const until = new Map(deprecated_schemas.map((one) => [one.schema_id, one.until]));
  const ids = new Set([...(schema_id === undefined ? [] : [schema_id]), ...until.keys()]);
  return [...ids].map((id) => ({ id, isDefault: id === schema_id, until: until.get(id) }));
}

const producersOf = ({ producers = [] }: Policy): string[] =>
  producers.map((one) =>
    'principal' in one
      ? `${one.producer_id}, as the principal ${one.principal}`
      : `${one.producer_id}, as the owner of ${one.topic}`,
  );

function gatesOf(policy: Policy, contract: Contract | undefined): ListedEvents['gates'] {
  const by = (gate: string, holds: string) => ({ gate, holds });
  const { envelope, schema_id, compatibility, event_types = 'WARN' } = policy;
  const judge =
    policy.contract_id ??
    (contract === undefined
      ? 'no contract: nothing is judged'
      : `the contract in force, ${contract.version}`);
  return [
    by('DATASET', 'one rule leads to it'),
    by('PRODUCER', policy.producers === undefined ? 'nobody is named' : 'the producers that are named'),
    by('ENVELOPE', `${envelopeText(envelope)}; names of event types: ${event_types}`),
    by('SCHEMA', schema_id ?? 'the schema that a payload names'),
    by('COMPATIBILITY', compatibility ?? 'as the registry says'),
    by('CONTRACT', judge),
    by('PII', policy.pii_policy),
  ];
}

function envelopeText(envelope: Policy['envelope']): string {
  if (envelope === undefined) return 'CloudEvents where an event is one';
  return typeof envelope === 'string'
    ? envelope
    : Object.entries(envelope)
        .map(([name, place]) => `${name} at ${place}`)
        .join(', ');
}
