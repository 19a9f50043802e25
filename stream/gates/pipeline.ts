import type { ObservedEvent, Partition } from '../event.ts';
import { landedLine } from '../landing/landed-line.ts';
import { readPayload } from '../landing/payload.ts';
import { UNKNOWN_DATASET } from '../policy/dataset-urn.ts';
import { type EffectivePolicy, effectivePolicy } from '../policy/policy-set.ts';
import type { EventBatch, Policies } from '../ports.ts';
import { type Timer, UNTIMED } from '../telemetry.ts';
import { contractGate, type ReadyContracts } from './contract.ts';
import { datasetGate } from './dataset.ts';
import { ENVELOPE_GATE } from './envelope.ts';
import type { Gate, GateState } from './gate.ts';
import { piiGate } from './pii.ts';
import { PRODUCER_GATE } from './producer.ts';
import { readEnvelope } from './read-envelope.ts';

/** What events are judged with. */
export interface PipelineParts {
  readonly policies: Policies;
  readonly contracts: ReadyContracts;
  /** Turn bytes into JSON, before anything looks at them: gates of schema registries. */
  readonly decoding?: readonly Gate[];
  /** Judge by schemas, behind the envelope and before the contract. */
  readonly schemas?: readonly Gate[];
}

/** Judges the events of a batch; gives them back in their order, each with all that was found. */
export type Pipeline = (
  batch: Pick<EventBatch, 'partition' | 'events'>,
  timer?: Timer,
) => Promise<readonly GateState[]>;

/** The gates in their order; the policies of a batch are those of its beginning. */
export function openPipeline({ policies, contracts, decoding = [], schemas = [] }: PipelineParts): Pipeline {
  return async ({ partition, events }, timer = UNTIMED.timer) => {
    await contracts.refresh();
    const set = await policies.current();
    const unknown = effectivePolicy({ ...set, policies: new Map() }, UNKNOWN_DATASET);
    let states: readonly GateState[] = events.map((event) => firstState(partition, event, unknown));
    for (const gate of decoding) states = await timer('DECODING', () => gate.judge(states));
    states = states.map(asDecoded);
    const gates = [
      datasetGate(set),
      PRODUCER_GATE,
      ENVELOPE_GATE,
      ...schemas,
      contractGate(contracts),
      piiGate(contracts),
    ];
    for (const gate of gates) states = await timer(gate.name, () => gate.judge(states));
    return states;
  };
}

const NO_LINE = new Uint8Array();
const NO_ENVELOPE = { attributes: undefined, type: null, time: null, producers: [] };

const firstState = (partition: Partition, event: ObservedEvent, unknown: EffectivePolicy): GateState => ({
  partition,
  event,
  payload: readPayload(event.value),
  line: NO_LINE,
  envelope: NO_ENVELOPE,
  isReadable: true,
  dataset: undefined,
  policy: unknown,
  producer: { producer_id: 'unknown', identity_confidence: 'NONE' },
  schemaId: null,
  schemaFingerprint: null,
  contract: null,
  faults: [],
  warnings: [],
  notJudged: [],
});

/** What is read of an event once its payload is what it stays. */
const asDecoded = (state: GateState): GateState => ({
  ...state,
  envelope: readEnvelope(state.event, state.payload, undefined),
  line: landedLine(state.partition, state.event, state.payload),
});
