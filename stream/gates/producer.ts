import type { Evidence } from '../evidence/evidence.ts';
import { type GateState, gateOfEach, withFaults } from './gate.ts';

/**
 * PRODUCER: says who wrote an event, and how sure that is. HIGH where the policy names the one principal that the access
 * lists let write the topic; MEDIUM where it names the topic's owner; LOW where only the event says so, which anybody may
 * write; NONE where nothing does. Fault: `PRODUCER_MISMATCH` where an event names another producer than the policy knows.
 */
export const PRODUCER_GATE = gateOfEach('PRODUCER', (state) => {
  const known = knownProducer(state);
  const claimed = state.envelope.producer;
  if (known === undefined)
    return claimed === null
      ? state
      : { ...state, producer: { producer_id: claimed, identity_confidence: 'LOW' } };
  const identified = { ...state, producer: known };
  return isContradicted(state, known.producer_id)
    ? withFaults(identified, 'PRODUCER', ['PRODUCER_MISMATCH'])
    : identified;
});

/** What the policy says: one principal, else the owner of the topic; nothing where it names several. */
function knownProducer({ policy, partition }: GateState): Evidence['producer'] | undefined {
  const rules = policy.policy.producers ?? [];
  const principals = rules.filter((rule) => 'principal' in rule);
  const [only] = principals;
  if (only !== undefined && principals.length === 1)
    return { producer_id: only.producer_id, identity_confidence: 'HIGH' };
  const owner = rules.find((rule) => 'topic' in rule && rule.topic === partition.topic);
  return owner === undefined ? undefined : { producer_id: owner.producer_id, identity_confidence: 'MEDIUM' };
}

/** Whether the event names a producer that the policy doesn't; the source of a CloudEvent is a place and names none. */
function isContradicted({ envelope, policy }: GateState, known: string): boolean {
  const { producer, attributes } = envelope;
  if (producer === null || producer === attributes?.source) return false;
  return producer !== known && !(policy.policy.producers ?? []).some((rule) => rule.producer_id === producer);
}
