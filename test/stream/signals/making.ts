import { Buffer } from 'node:buffer';
import { evidenceKey } from '../../../etl/naming/streams.ts';
import type { Alert, Alerts, ObjectStore } from '../../../etl/ports.ts';
import type { Evidence, GateName } from '../../../stream/evidence/evidence.ts';
import { evidenceId } from '../../../stream/evidence/evidence-id.ts';
import { datasetOfUrn, UNKNOWN_DATASET } from '../../../stream/policy/dataset-urn.ts';
import { ORDERS } from '../gates/judging.ts';

/** A Monday morning. */
export const START_MS = Date.parse('2026-01-12T08:00:00.000Z');
export const MINUTE_MS = 60_000;

/** What is said of some evidence. */
export interface Made {
  readonly atMs: number;
  readonly offset: number;
  readonly urn?: string;
  readonly gate?: GateName;
  readonly reason?: string;
  readonly warning?: string;
  readonly producer?: string;
  readonly version?: string;
  readonly schema?: string;
}

/** Evidence of an event; it passes unless a reason is given. */
export function evidenceOf({
  atMs,
  offset,
  urn = ORDERS,
  gate = 'CONTRACT',
  reason,
  ...more
}: Made): Evidence {
  const place = { cluster: 'c1', topicId: 'mZ5h2rUW', partition: 3, offset, stage: 'OBSERVED_RAW' as const };
  const at = new Date(atMs).toISOString();
  return {
    ...{ evidence_id: evidenceId(place), timestamp: new Date(atMs + 40).toISOString(), stage: place.stage },
    dataset_urn: urn,
    producer: { producer_id: more.producer ?? 'orders-svc', identity_confidence: 'MEDIUM' },
    source: {
      ...{ cluster: 'c1', topic_id: 'mZ5h2rUW', raw_topic: 'raw.orders.events', partition: 3, offset },
      ...{ key: null, event_time: at, broker_time: at },
    },
    schema: { schema_id: more.schema ?? null },
    contract: { contract_id: 'dc:orders.created:3', contract_version: more.version ?? '3.0.0' },
    policy: { version: 1, enforcement_mode: 'ALERT_ONLY' },
    validation: {
      result: reason === undefined ? 'PASS' : 'FAIL',
      failed_gates: reason === undefined ? [] : [gate],
      reason_codes: reason === undefined ? [] : [reason],
      warnings: more.warning === undefined ? [] : [more.warning],
      not_judged: [],
    },
    otel: { trace_id: '0'.repeat(31).concat('1'), span_id: '0'.repeat(15).concat('1') },
    fingerprints: { payload_hash: null, schema_fingerprint: null },
  };
}

/** Writes evidence as one object, as enforcers do; returns its key. */
export async function keep(objects: ObjectStore, evidence: readonly Evidence[]): Promise<string> {
  const [first] = evidence;
  if (first === undefined) throw new Error('no evidence');
  const { cluster, topic_id: topicId, partition, offset, broker_time: at } = first.source;
  const dataset = first.dataset_urn === UNKNOWN_DATASET ? undefined : datasetOfUrn(first.dataset_urn);
  const key = evidenceKey(dataset, { place: { cluster, topicId, partition }, offset, at });
  await objects.put(key, Buffer.from(evidence.map((one) => `${JSON.stringify(one)}\n`).join('')));
  return key;
}

/** Good events, so many a minute, from one minute on up to another. */
export function goodEvents(
  from: number,
  to: number,
  { rpm = 60, more = {} as Partial<Made> } = {},
): Evidence[] {
  const count = Math.round((to - from) * rpm);
  return Array.from({ length: count }, (_, n) =>
    evidenceOf({
      atMs: START_MS + from * MINUTE_MS + Math.floor((n * MINUTE_MS) / rpm),
      offset: Math.round(from * rpm) + n,
      ...more,
    }),
  );
}

/** Alerts that are only remembered. */
export function rememberedAlerts(): { readonly alerts: Alerts; readonly sent: Alert[] } {
  const sent: Alert[] = [];
  return {
    sent,
    alerts: {
      async send(alert) {
        sent.push(alert);
      },
    },
  };
}
