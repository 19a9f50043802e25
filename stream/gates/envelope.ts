import { isJsonType } from '../landing/cloud-event.ts';
import { debeziumFaults } from './debezium.ts';
import { eventTypeReasons } from './event-type.ts';
import { type GateState, gateOfEach, withFaults } from './gate.ts';
import { textAt } from './value-at.ts';

/**
 * ENVELOPE: whether an event's form is right. Faults: `PAYLOAD_UNREADABLE` where it is no JSON, behind which nothing can be
 * judged; `ENVELOPE_MISSING` where the policy wants CloudEvents and it is none; `ENVELOPE_INVALID:attribute` where a
 * CloudEvent breaks the standard (`(name)` where an attribute's own name does), a place of the policy's mapping is empty, or
 * a change isn't what Debezium writes. Fault or warning, by the policy: `EVENT_TYPE_FORM`, `EVENT_TYPE_DOMAIN`,
 * `EVENT_TYPE_TENSE`.
 */
export const ENVELOPE_GATE = gateOfEach('ENVELOPE', (state) => {
  // A tombstone removes a key: it has no form that could be wrong.
  if (state.payload.kind === 'none') return state;
  const isReadable = state.payload.kind === 'json' || isOpaque(state);
  const reasons = [...(isReadable ? [] : ['PAYLOAD_UNREADABLE']), ...faultsOf(state, isReadable)];
  const judged = named(withFaults(state, 'ENVELOPE', reasons));
  return isReadable ? judged : { ...judged, isReadable };
});

/** The event with what is wrong with the name of its type: by the policy a fault or a warning. */
function named(state: GateState): GateState {
  const { envelope, dataset, policy } = state;
  const { event_types: said = 'WARN', envelope: wanted } = policy.policy;
  if (envelope.type === null || dataset === undefined || said === 'ANY') return state;
  // Of these nobody says that they name a type.
  if (wanted === 'none' || wanted === 'debezium') return state;
  const reasons = eventTypeReasons(envelope.type, dataset);
  if (reasons.length === 0) return state;
  return said === 'FAIL'
    ? withFaults(state, 'ENVELOPE', reasons)
    : { ...state, warnings: [...state.warnings, ...reasons] };
}

/** Whether it is a CloudEvent that says that its data is no JSON. */
const isOpaque = ({ envelope }: GateState): boolean =>
  envelope.attributes !== undefined && !isJsonType(envelope.attributes.datacontenttype);

function faultsOf({ envelope, payload, policy }: GateState, isReadable: boolean): string[] {
  const { envelope: wanted } = policy.policy;
  const { attributes } = envelope;
  if (wanted === 'none' || !isReadable) return [];
  if (typeof wanted === 'object')
    return Object.entries(wanted).flatMap(([name, pointer]) =>
      textAt(payload, pointer) === undefined ? [`ENVELOPE_INVALID:${name}`] : [],
    );
  if (wanted === 'debezium') return debeziumFaults(payload).map((name) => `ENVELOPE_INVALID:${name}`);
  if (attributes === undefined) return wanted === 'cloudevents' ? ['ENVELOPE_MISSING'] : [];
  return invalidAttributes(attributes).map((name) => `ENVELOPE_INVALID:${name}`);
}

/** A moment of RFC 3339. */
const MOMENT = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/;

/** Attributes that are missing or wrong by CloudEvents 1.0. */
function invalidAttributes(attributes: Readonly<Record<string, string>>): string[] {
  const wrong = ['id', 'source', 'type'].filter((name) => (attributes[name] ?? '') === '');
  if (attributes.specversion !== '1.0') wrong.unshift('specversion');
  const { time } = attributes;
  if (time !== undefined && !(MOMENT.test(time) && !Number.isNaN(Date.parse(time)))) wrong.push('time');
  // A name that breaks the standard may be any text, also a person's: it is not said.
  const isNamed = Object.keys(attributes).every((name) => /^[a-z0-9]+$/.test(name));
  return isNamed ? wrong : [...wrong, '(name)'];
}
