import type { Evidence } from '../evidence/evidence.ts';
import { type GateState, gateOfEach, withFaults } from './gate.ts';

/**
 * PRODUCER: says who wrote an event, and how sure that is. HIGH where the policy names the one principal that the access
 * lists let write the topic; MEDIUM where it names the topic's owner; LOW where only the event says so, which anybody may
 * write; NONE where nothing does. Fault: `PRODUCER_MISMATCH` where an event names another producer than the policy knows,
 * or several.
 */
export const PRODUCER_GATE = gateOfEach('PRODUCER', (state) => {
  const known = knownProducer(state);
  const producer = known ?? claimedProducer(state);
  const identified = producer === undefined ? state : { ...state, producer };
  return isContradicted(state, known?.producer_id)
    ? withFaults(identified, 'PRODUCER', ['PRODUCER_MISMATCH'])
    : identified;
});

/** Whom the event names, else the source of a CloudEvent. */
function claimedProducer({ envelope }: GateState): Evidence['producer'] | undefined {
  const [claimed = envelope.attributes?.source] = envelope.producers;
  return claimed === undefined ? undefined : { producer_id: claimed, identity_confidence: 'LOW' };
}

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

/** Whether the event names several producers, or one that the policy doesn't know. */
function isContradicted({ envelope: { producers }, policy }: GateState, known: string | undefined): boolean {
  if (known === undefined || producers.length > 1) return producers.length > 1;
  const rules = policy.policy.producers ?? [];
  return producers.some((one) => one !== known && !rules.some(({ producer_id }) => producer_id === one));
}
