import { Buffer, isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import type { SourceContract } from '../../etl/contract/contract.ts';
import { isOpen } from '../../etl/contract/open-columns.ts';
import { isProtected, protectionOf } from '../../etl/privacy/protection.ts';
import type { Vault } from '../../etl/privacy/vault.ts';
import type { ReadyContracts } from '../gates/contract.ts';
import type { GateState } from '../gates/gate.ts';
import { isoMoment } from '../moment.ts';
import { UNKNOWN_DATASET, urnOfDataset } from '../policy/dataset-urn.ts';
import { traceContext } from '../trace-context.ts';
import { type Evidence, GATE_ORDER } from './evidence.ts';
import { type EvidencePlace, idOfDigest, placeDigest } from './evidence-id.ts';

/** What evidence is made with. */
export interface EvidenceParts {
  readonly contracts: ReadyContracts;
  /** Keys the digests of protected datasets. */
  readonly vault?: Pick<Vault, 'fileNames'>;
  /** Keys the digests of other datasets that may have personal data. */
  readonly digestKey: () => string;
}

/** The evidence of events that were judged, in their order. */
export async function makeEvidence(
  states: readonly GateState[],
  now: Date,
  parts: EvidenceParts,
): Promise<Evidence[]> {
  const values = await valuesOf(states, parts);
  return states.map((state, n) => evidenceOf(state, now, values[n] ?? NOTHING));
}

/** What evidence says of an event's own bytes. */
interface Values {
  readonly key: string | null;
  readonly payloadHash: string | null;
  /** Instead of what the event says of its producer. */
  readonly producerId?: string;
}

const NOTHING: Values = { key: null, payloadHash: null };

function evidenceOf(state: GateState, now: Date, { key, payloadHash, producerId }: Values): Evidence {
  const { partition, event, dataset, policy, faults, contract } = state;
  const place: EvidencePlace = { ...partition, offset: event.offset, stage: 'OBSERVED_RAW' };
  const digest = placeDigest(place);
  const inOrder = GATE_ORDER.flatMap((gate) => faults.filter((fault) => fault.gate === gate));
  return {
    evidence_id: idOfDigest(digest),
    timestamp: now.toISOString(),
    stage: place.stage,
    dataset_urn: dataset === undefined ? UNKNOWN_DATASET : urnOfDataset(dataset),
    producer: { ...state.producer, producer_id: producerId ?? state.producer.producer_id.slice(0, 200) },
    source: {
      cluster: partition.cluster,
      topic_id: partition.topicId,
      raw_topic: partition.topic,
      partition: partition.partition,
      offset: event.offset,
      key,
      event_time: eventTime(state),
      broker_time: isoMoment(event.timestampMs),
    },
    schema: { schema_id: state.schemaId ?? policy.policy.schema_id ?? null },
    contract: { contract_id: contract?.id ?? null, contract_version: contract?.version ?? null },
    policy: { version: policy.version, enforcement_mode: policy.policy.enforcement_mode },
    validation: {
      result: faults.length === 0 ? 'PASS' : 'FAIL',
      failed_gates: [...new Set(inOrder.map(({ gate }) => gate))],
      reason_codes: inOrder.map(({ reason }) => reason),
      warnings: [...new Set(state.warnings)],
      not_judged: [...state.notJudged],
    },
    otel: traceOf(state, digest.toString('hex')),
    fingerprints: { payload_hash: payloadHash, schema_fingerprint: state.schemaFingerprint },
  };
}

/** When it happened, as its envelope says; else when the broker got it. */
function eventTime({ envelope, event }: GateState): string {
  const said = envelope.time === null ? Number.NaN : Date.parse(envelope.time);
  return isoMoment(Number.isNaN(said) ? event.timestampMs : said);
}

/** The trace that the event is part of (W3C); else one of its own, by its place. */
function traceOf({ event }: GateState, digest: string): Evidence['otel'] {
  const traceId = traceContext(event.headers)?.traceId;
  return { trace_id: traceId ?? digest.slice(0, 32), span_id: digest.slice(32, 48) };
}

/** How an event's own bytes may be shown; where no contract says what they may hold, who wrote it is a digest as well. */
type Shown = 'clear' | 'digest' | 'unknown' | 'vault';

async function valuesOf(states: readonly GateState[], parts: EvidenceParts): Promise<readonly Values[]> {
  const ways = new Map<string | undefined, Shown>();
  for (const { dataset } of states)
    if (!ways.has(dataset)) ways.set(dataset, await wayOf(dataset, parts.contracts));
  const values = states.map((state): Values => {
    const way = ways.get(state.dataset);
    if (way === 'clear') return clearValues(state);
    return way === 'vault' ? NOTHING : digestedValues(state, parts.digestKey(), way === 'unknown');
  });
  for (const [dataset, way] of ways)
    if (way === 'vault' && dataset !== undefined) await addVaulted(values, { states, dataset, parts });
  return values;
}

/** Where nothing is known of a dataset, its bytes are shown as digests. */
async function wayOf(dataset: string | undefined, contracts: ReadyContracts): Promise<Shown> {
  const ready = dataset === undefined ? undefined : await contracts.of(dataset);
  if (ready?.kind !== 'ready') return 'unknown';
  return shownOf(ready.contract);
}

function shownOf(contract: SourceContract): Shown {
  if (isProtected(protectionOf(contract))) return 'vault';
  return contract.columns.every(isOpen) ? 'clear' : 'digest';
}

/** Longer keys are shown as their digest. */
const MOST_KEY_BYTES = 1024;

function clearValues({ event: { key, value } }: GateState): Values {
  return {
    key: key === null ? null : keyText(key),
    payloadHash: value === null ? null : `sha256:${sha256(value)}`,
  };
}

function keyText(key: Uint8Array): string {
  if (key.length > MOST_KEY_BYTES) return `sha256:${sha256(key)}`;
  const bytes = Buffer.from(key);
  return isUtf8(bytes) ? bytes.toString('utf8') : `base64:${bytes.toString('base64')}`;
}

function digestedValues(state: GateState, secret: string, isUnknown: boolean): Values {
  const { event, producer } = state;
  const digest = (bytes: Uint8Array): string =>
    `digest:${sha256(Buffer.concat([Buffer.from(`${secret}\0`), bytes])).slice(0, 32)}`;
  return {
    key: event.key === null ? null : digest(event.key),
    payloadHash: event.value === null ? null : digest(event.value),
    ...(isUnknown && isSaidAlone(state) ? { producerId: digest(Buffer.from(producer.producer_id)) } : {}),
  };
}

async function addVaulted(
  values: Values[],
  { states, dataset, parts }: { states: readonly GateState[]; dataset: string; parts: EvidenceParts },
): Promise<void> {
  const meant = [...states.entries()].filter(([, state]) => state.dataset === dataset);
  const bytes = meant.flatMap(([, { event, producer }]) => [
    event.key ?? EMPTY,
    event.value ?? EMPTY,
    Buffer.from(producer.producer_id),
  ]);
  const names = (await parts.vault?.fileNames(dataset, bytes.map(sha256))) ?? [];
  for (const [n, [place, state]] of meant.entries()) {
    const { event } = state;
    const [key, value, producer] = names.slice(3 * n, 3 * n + 3);
    values[place] = {
      key: event.key === null || key === undefined ? null : `digest:${key}`,
      payloadHash: event.value === null || value === undefined ? null : `digest:${value}`,
      ...(isSaidAlone(state) ? { producerId: `digest:${producer}` } : {}),
    };
  }
}

/** Whether only the event names its producer, so that anything may stand there. */
const isSaidAlone = ({ producer, policy }: GateState): boolean =>
  producer.identity_confidence === 'LOW' &&
  policy.policy.producers?.some(({ producer_id }) => producer_id === producer.producer_id) !== true;

const EMPTY = new Uint8Array();

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
