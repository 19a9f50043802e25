import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { EnforcerTelemetry } from '../../stream/telemetry.ts';
import { SeriesLimit } from './series-limit.ts';

/** What is looked at when somebody asks for the metrics. */
export interface MetricSources {
  /** How far each partition that this enforcer has is behind; undefined where there is no broker. */
  readonly lag?: () => readonly {
    readonly partition: { topic: string; partition: number };
    readonly lag: number;
  }[];
  /** Questions to the cache of policies. */
  readonly policyCounts?: () => { readonly hits: number; readonly misses: number };
  /** Datasets that topics lead to, and the tier that their policies say. */
  readonly topics?: () => readonly {
    readonly topic: string;
    readonly dataset: string;
    readonly tier: string;
  }[];
}

/** The metrics of an enforcer. */
export interface EnforcerMetrics {
  readonly telemetry: EnforcerTelemetry;
  /** Evidence that a place did not take, by the code of the error; it is tried again. */
  emitFailed(topic: string, error: string): void;
  /** Records that expired before they were read. */
  expired(topic: string, partition: number, records: number): void;
  /** Incidents that are open now, by dataset and kind. */
  incidents(open: readonly { readonly dataset: string; readonly kind: string }[]): void;
  /** All of them, in the text format of Prometheus. */
  text(): Promise<string>;
  readonly contentType: string;
}

/** Milliseconds: a batch takes one at least; evidence should be there within two seconds. */
const EVAL_BUCKETS = [1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000];
const LATENCY_BUCKETS = [
  50, 100, 250, 500, 1_000, 1_500, 2_000, 3_000, 5_000, 10_000, 30_000, 60_000, 300_000,
];

/** Opens the metrics that `assay enforce --metrics-port` serves, in a registry of their own. */
export function enforcerMetrics(nowMs: () => number, sources: MetricSources = {}): EnforcerMetrics {
  const registry = new Registry();
  const made = { ...countersOf(registry), ...gaugesOf(registry, sources) };
  const reasons = new SeriesLimit();
  return {
    telemetry: {
      nowMs,
      judged({ states, evidence, isFresh, whole, stages }) {
        const emitMs = stages.get('EVIDENCE')?.startMs ?? whole.endMs;
        for (const [n, { dataset_urn: dataset, source, validation }] of evidence.entries()) {
          if (isFresh[n] !== true) continue;
          made.records.inc({ topic: source.raw_topic, dataset, result: validation.result });
          made.evalLatency.observe({ dataset }, emitMs - whole.startMs);
          made.evidenceLatency.observe(
            { dataset },
            Math.max(0, whole.endMs - Date.parse(source.broker_time)),
          );
          for (const { gate, reason } of states[n]?.faults ?? [])
            made.gateFailures.inc({ gate, dataset, reason: reasons.take(`${gate} ${dataset}`, reason) });
        }
        return undefined;
      },
    },
    emitFailed: (topic, error) => made.emitErrors.inc({ topic, error }),
    expired: (topic, partition, records) =>
      made.expired.inc({ topic, partition: String(partition) }, records),
    incidents(open) {
      made.incidents.reset();
      for (const { dataset, kind } of open) made.incidents.inc({ dataset, kind });
    },
    text: () => registry.metrics(),
    contentType: registry.contentType,
  };
}

function countersOf(registry: Registry) {
  const registers = [registry];
  return {
    records: new Counter({
      ...{ registers, name: 'enforcer_records_total', help: 'Events that have evidence' },
      labelNames: ['topic', 'dataset', 'result'],
    }),
    gateFailures: new Counter({
      ...{ registers, name: 'enforcer_gate_failures_total', help: 'Reasons for which events failed' },
      labelNames: ['gate', 'reason', 'dataset'],
    }),
    evalLatency: new Histogram({
      ...{ registers, name: 'enforcer_eval_latency_ms', buckets: EVAL_BUCKETS },
      help: 'How long an event was judged, with the batch that it came in, in milliseconds',
      labelNames: ['dataset'],
    }),
    evidenceLatency: new Histogram({
      ...{ registers, name: 'enforcer_evidence_latency_ms', buckets: LATENCY_BUCKETS },
      help: 'From when the broker got an event until its evidence was durable, in milliseconds',
      labelNames: ['dataset'],
    }),
    emitErrors: new Counter({
      ...{ registers, name: 'enforcer_evidence_emit_errors_total' },
      help: 'Times that a topic, or the lake, did not take evidence; it was tried again',
      labelNames: ['topic', 'error'],
    }),
    expired: new Counter({
      ...{ registers, name: 'enforcer_records_expired_total' },
      help: 'Records that expired before they were read: there is no evidence of them',
      labelNames: ['topic', 'partition'],
    }),
  };
}

function gaugesOf(registry: Registry, { lag, policyCounts, topics }: MetricSources) {
  const registers = [registry];
  new Gauge({
    ...{ registers, name: 'enforcer_consumer_lag', labelNames: ['topic', 'partition'] },
    help: 'How far a partition is behind its last record, in offsets; of partitions that this enforcer has',
    collect() {
      // A partition that others have now is gone from here.
      this.reset();
      for (const { partition, lag: behind } of lag?.() ?? [])
        this.set({ topic: partition.topic, partition: String(partition.partition) }, behind);
    },
  });
  new Gauge({
    ...{ registers, name: 'policy_cache_hit_ratio' },
    help: 'Share of the questions for policies that were answered without waiting for their store',
    collect() {
      const { hits, misses } = policyCounts?.() ?? { hits: 0, misses: 0 };
      this.set(hits + misses === 0 ? 1 : hits / (hits + misses));
    },
  });
  new Gauge({
    ...{ registers, name: 'enforcer_topic_info', labelNames: ['topic', 'dataset', 'tier'] },
    help: 'A dataset that a topic leads to, and the tier of its policy; always 1',
    collect() {
      this.reset();
      for (const labels of topics?.() ?? []) this.set(labels, 1);
    },
  });
  const incidents = new Gauge({
    ...{ registers, name: 'enforcer_incidents_open', labelNames: ['dataset', 'kind'] },
    help: 'Incidents that are open, as this enforcer last looked',
  });
  return { incidents };
}
