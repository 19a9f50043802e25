import type { RawRecord } from '../../etl/judging/record-judge.ts';
import type { ObservedEvent, Partition } from '../event.ts';
import type { Evidence, GateName } from '../evidence/evidence.ts';
import type { Attributes } from '../landing/cloud-event.ts';
import type { Payload } from '../landing/payload.ts';
import type { EffectivePolicy } from '../policy/policy-set.ts';

/** Why an event fails a gate. */
export interface GateFault {
  readonly gate: GateName;
  /** `CODE` or `CODE:what`, as evidence names it. */
  readonly reason: string;
}

/** What the envelope of an event says; null where it says nothing of it. */
export interface Envelope {
  /** The attributes of a CloudEvent; undefined where the event is none. */
  readonly attributes: Attributes | undefined;
  readonly type: string | null;
  readonly time: string | null;
  /** Whom it names as its producer, each once; the source of a CloudEvent is a place and names none. */
  readonly producers: readonly string[];
}

/** An event on its way through the gates, and what is known of it so far. */
export interface GateState {
  readonly partition: Partition;
  readonly event: ObservedEvent;
  /** What it carries. A gate that decodes Avro or Protobuf puts JSON in the place of the bytes. */
  readonly payload: Payload;
  /** The line under which it lands, but for what it fails; empty until it is decoded. */
  readonly line: Uint8Array;
  readonly envelope: Envelope;
  /** False where nothing behind the envelope can be judged. */
  readonly isReadable: boolean;
  /** `orders.created`; undefined where no rule leads to one dataset. */
  readonly dataset: string | undefined;
  readonly policy: EffectivePolicy;
  readonly producer: Evidence['producer'];
  /** The writer's schema, as evidence names it. */
  readonly schemaId: string | null;
  readonly schemaFingerprint: string | null;
  /** The contract that it was judged by. */
  readonly contract: { readonly id: string; readonly version: string } | null;
  /** Its values by the contract, in the order of columns; absent where nothing judged them, or it is no record. */
  readonly values?: RawRecord['values'];
  readonly faults: readonly GateFault[];
  readonly warnings: readonly string[];
  readonly notJudged: readonly string[];
}

/** One gate: judges some events of a partition at a time. */
export interface Gate {
  readonly name: GateName;
  /**
   * The events as they stand after it, in their order. What an event does wrong is a fault of it and never thrown; throws
   * TransientError where the same events are to be judged again later.
   */
  judge(states: readonly GateState[]): Promise<readonly GateState[]>;
}

/** A gate that looks at each event by itself. */
export const gateOfEach = (name: GateName, judge: (state: GateState) => GateState): Gate => ({
  name,
  judge: async (states) => states.map(judge),
});

/** The event with faults of a gate. */
export const withFaults = (state: GateState, gate: GateName, reasons: readonly string[]): GateState =>
  reasons.length === 0
    ? state
    : { ...state, faults: [...state.faults, ...reasons.map((reason) => ({ gate, reason }))] };
