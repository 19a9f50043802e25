import { datasetOfUrn } from '../policy/dataset-urn.ts';
import { effectivePolicy, type PolicySet } from '../policy/policy-set.ts';
import { RESOLUTION_NAME } from '../policy/policy-store.ts';
import { type ResolutionRule, readExtraction } from '../policy/resolution-rule.ts';
import { type Gate, type GateState, gateOfEach, withFaults } from './gate.ts';
import { headerText } from './header-text.ts';
import { readEnvelope } from './read-envelope.ts';
import { textAt } from './value-at.ts';

/**
 * DATASET: finds the dataset of an event by the resolution map, and with it the policy. Of the rules that fit, those with
 * an extraction rule go before those without, and then those of the higher confidence; where the best lead to several
 * datasets, none is taken. Faults: `DATASET_UNKNOWN`, `DATASET_AMBIGUOUS`. Warnings say why the safe default holds, and
 * that the policy is not the newest for sure.
 */
export const datasetGate = (set: PolicySet): Gate =>
  gateOfEach('DATASET', (state) => {
    const urns = datasetsOf(state, set.rules);
    const [urn] = urns;
    if (urn === undefined || urns.length > 1)
      return withFaults({ ...state, warnings: [...state.warnings, ...unknownWarnings(set)] }, 'DATASET', [
        urns.length > 1 ? 'DATASET_AMBIGUOUS' : 'DATASET_UNKNOWN',
      ]);
    const policy = effectivePolicy(set, urn);
    const { event, payload, envelope } = state;
    const { envelope: said } = policy.policy;
    return {
      ...state,
      dataset: datasetOfUrn(urn),
      policy,
      // Without a mapping it says what was read before the dataset was known.
      envelope:
        typeof said === 'object' || said === 'debezium' ? readEnvelope(event, payload, said) : envelope,
      warnings: [...state.warnings, ...warningsOf(set, urn, policy.why)],
    };
  });

/** Whether it may be the map that is wrong, and not the event. */
function unknownWarnings({ broken, readAt, isStale }: PolicySet): string[] {
  if (broken.has(RESOLUTION_NAME)) return ['RESOLUTION_BROKEN'];
  if (readAt === null) return ['POLICY_STORE_UNAVAILABLE'];
  return isStale ? ['POLICY_STALE'] : [];
}

function warningsOf(set: PolicySet, urn: string, why: string | undefined): string[] {
  if (why !== undefined) return [why];
  // The last good one holds.
  if (set.broken.has(urn)) return ['POLICY_BROKEN'];
  return set.isStale ? ['POLICY_STALE'] : [];
}

/** The datasets that the best of the rules lead to. */
function datasetsOf(state: GateState, rules: readonly ResolutionRule[]): readonly string[] {
  const fitting = rules.filter((rule) => isSourceOf(rule, state) && isExtracted(rule, state));
  const best = Math.max(...fitting.map(rank));
  return [...new Set(fitting.filter((rule) => rank(rule) === best).map((rule) => rule.dataset_urn))];
}

const CONFIDENCE = { HIGH: 2, MEDIUM: 1, LOW: 0 } as const;

const rank = ({ extraction_rule, resolution_confidence }: ResolutionRule): number =>
  (extraction_rule === undefined ? 0 : 3) + CONFIDENCE[resolution_confidence];

function isSourceOf({ source_type, source_value }: ResolutionRule, state: GateState): boolean {
  if (source_type === 'TOPIC') return state.partition.topic === source_value;
  if (source_type === 'EVENT_TYPE') return state.envelope.type === source_value;
  if (source_type === 'SCHEMA_ID') return state.schemaId === source_value;
  const [, name = '', value = ''] = /^([^=]+)=(.*)$/s.exec(source_value) ?? [];
  return headerText(state.event.headers, name) === value;
}

function isExtracted({ extraction_rule: text }: ResolutionRule, state: GateState): boolean {
  if (text === undefined) return true;
  const rule = readExtraction(text);
  if (rule === undefined) return false;
  if (rule.kind === 'event_type') return state.envelope.type === rule.value;
  return rule.kind === 'header'
    ? headerText(state.event.headers, rule.name) === rule.value
    : textAt(state.payload, rule.pointer) === rule.value;
}
