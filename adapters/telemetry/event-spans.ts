import {
  type Attributes,
  type Context,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import type { Evidence, GateName } from '../../stream/evidence/evidence.ts';
import type { GateState } from '../../stream/gates/gate.ts';
import type { EnforcerTelemetry, Interval, JudgedBatch, StageName } from '../../stream/telemetry.ts';
import { traceContext } from '../../stream/trace-context.ts';
import { withIds } from './steered-ids.ts';

/** An attribute needs a value, also where no gate failed. */
const NO_GATE = 'NONE';

/** The spans inside that of an event: the stages of each, and the gates whose verdict it has; all of them where it has none. */
const STAGES: readonly { name: string; stages: readonly StageName[]; gates?: readonly GateName[] }[] = [
  { name: 'enforcer.resolve_dataset', stages: ['DATASET', 'PRODUCER'], gates: ['DATASET', 'PRODUCER'] },
  {
    name: 'enforcer.validate.schema',
    stages: ['DECODING', 'ENVELOPE', 'SCHEMA', 'COMPATIBILITY'],
    gates: ['ENVELOPE', 'SCHEMA', 'COMPATIBILITY'],
  },
  { name: 'enforcer.validate.contract', stages: ['CONTRACT', 'PII'], gates: ['CONTRACT', 'PII'] },
  { name: 'enforcer.emit.evidence', stages: ['EVIDENCE'] },
];

/**
 * Spans of every event, once its evidence is durable, by the tracer of the process: `enforcer.consume` and the stages in
 * it. It goes on with the event's trace; the span has the id that evidence names. Gates judge in batches, so the spans of
 * a batch's events have the same times.
 */
export function eventSpans(nowMs: () => number): EnforcerTelemetry {
  const tracer = trace.getTracer('assay.enforcer');
  return {
    nowMs,
    judged(batch) {
      return batch.states.map((state, n) => {
        const evidence = batch.evidence[n];
        if (evidence === undefined) throw new Error(`event ${n} has no evidence`);
        const parent = traceContext(state.event.headers);
        const flags = batch.isFresh[n] ? spansOf({ state, evidence, batch, tracer }) : parent?.flags;
        return `00-${evidence.otel.trace_id}-${evidence.otel.span_id}-${flags ?? '00'}`;
      });
    },
  };
}

interface Judged {
  readonly state: GateState;
  readonly evidence: Evidence;
  readonly batch: JudgedBatch;
  readonly tracer: Tracer;
}

/** Makes the spans of an event; returns the trace's flags as they go on. */
function spansOf({ state, evidence, batch, tracer }: Judged): string {
  const { trace_id: traceId, span_id: spanId } = evidence.otel;
  const attributes = commonAttributes(evidence);
  const failed = evidence.validation.failed_gates;
  const options = {
    kind: SpanKind.CONSUMER,
    startTime: dateOf(batch.whole.startMs),
    attributes: { ...attributes, ...verdictOf(failed), ...placeOf(evidence) },
  };
  const consume = withIds({ traceId, spanId }, () =>
    tracer.startSpan('enforcer.consume', options, parentOf(state)),
  );
  // A trace that nobody records needs no spans inside, of which there are four an event.
  if (!consume.isRecording()) return flagsOf(consume);
  if (failed.length > 0) consume.setStatus({ code: SpanStatusCode.ERROR });
  const inside = trace.setSpan(ROOT_CONTEXT, consume);
  for (const { name, stages, gates } of STAGES) {
    const times = spanOf(stages, batch);
    const own = gates === undefined ? failed : failed.filter((gate) => gates.includes(gate));
    const span = tracer.startSpan(
      name,
      { startTime: dateOf(times.startMs), attributes: { ...attributes, ...verdictOf(own) } },
      inside,
    );
    if (own.length > 0) span.setStatus({ code: SpanStatusCode.ERROR });
    span.end(dateOf(times.endMs));
  }
  consume.end(dateOf(batch.whole.endMs));
  return flagsOf(consume);
}

const flagsOf = (span: Span): string => (span.spanContext().traceFlags & 0xff).toString(16).padStart(2, '0');

/** From the first of some stages to the last; nothing where there was none of them. */
function spanOf(stages: readonly StageName[], { stages: times, whole }: JudgedBatch): Interval {
  const seen = stages.flatMap((stage) => times.get(stage) ?? []);
  if (seen.length === 0) return { startMs: whole.startMs, endMs: whole.startMs };
  return {
    startMs: Math.min(...seen.map(({ startMs }) => startMs)),
    endMs: Math.max(...seen.map(({ endMs }) => endMs)),
  };
}

const commonAttributes = ({ dataset_urn, source, producer, otel }: Evidence): Attributes => ({
  dataset_urn,
  raw_topic: source.raw_topic,
  identity_confidence: producer.identity_confidence,
  trace_id: otel.trace_id,
});

/** What the event's gates, or those of a span, found. */
const verdictOf = (failed: readonly GateName[]): Attributes => ({
  result: failed.length === 0 ? 'PASS' : 'FAIL',
  failed_gate: failed[0] ?? NO_GATE,
  failed_gates: [...failed],
});

/** Names of messaging as OpenTelemetry's conventions have them. */
const placeOf = ({ evidence_id, source, validation }: Evidence): Attributes => ({
  evidence_id,
  reason_codes: [...validation.reason_codes],
  'messaging.system': 'kafka',
  'messaging.destination.name': source.raw_topic,
  'messaging.destination.partition.id': String(source.partition),
  'messaging.kafka.offset': source.offset,
});

function parentOf({ event }: GateState): Context {
  const said = traceContext(event.headers);
  if (said === undefined) return ROOT_CONTEXT;
  const { traceId, parentId, flags } = said;
  return trace.setSpanContext(ROOT_CONTEXT, {
    ...{ traceId, spanId: parentId, traceFlags: Number.parseInt(flags, 16) },
    isRemote: true,
  });
}

/** Of milliseconds with fractions the SDK takes seconds and nanoseconds. */
const dateOf = (ms: number): [number, number] => {
  const seconds = Math.floor(ms / 1_000);
  return [seconds, Math.round((ms - seconds * 1_000) * 1e6)];
};
