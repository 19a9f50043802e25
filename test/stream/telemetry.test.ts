import { Buffer } from 'node:buffer';
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { trace } from '@opentelemetry/api';
import { InMemorySpanExporter, NodeTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-node';
import { parse } from 'yaml';
import { enforcerMetrics } from '../../adapters/telemetry/enforcer-metrics.ts';
import { eventSpans } from '../../adapters/telemetry/event-spans.ts';
import { SeriesLimit } from '../../adapters/telemetry/series-limit.ts';
import { STEERED_IDS } from '../../adapters/telemetry/steered-ids.ts';
import { serveMetrics } from '../../cli/enforce/metrics-server.ts';
import type { ObservedEvent } from '../../stream/event.ts';
import type { Evidence } from '../../stream/evidence/evidence.ts';
import type { EnforcerTelemetry } from '../../stream/telemetry.ts';
import { traceContext } from '../../stream/trace-context.ts';
import { enforcerOf, openStreamLake, type StreamLake, topicOf } from './enforcer/enforcing.ts';
import { listedSource } from './enforcer/listed-source.ts';
import { event, headers, order, policy, policySet } from './gates/judging.ts';

let lake: StreamLake;
beforeAll(async () => {
  lake = await openStreamLake();
});
afterAll(() => lake.close());

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const PARENT = '00f067aa0ba902b7';
const withTrace = (flags: string) => ({
  headers: headers({ traceparent: `00-${TRACE}-${PARENT}-${flags}`, tracestate: 'a=b' }),
});

/** A good order with a trace, one of no customer, and a good one whose trace nobody records. */
const EVENTS = [
  event(order(), { offset: 0, ...withTrace('01') }),
  event(order({ customer_id: null }), { offset: 1 }),
  event(order(), { offset: 2, ...withTrace('00') }),
];

async function enforce(topicId: string, telemetry: EnforcerTelemetry, events = EVENTS) {
  const [evidence, sent]: [Evidence[], ObservedEvent[]] = [[], []];
  const source = listedSource([{ partition: topicOf(topicId), events }], new Map(), { batch: 10 });
  const policies = policySet([
    policy({ enforcement_mode: 'REPUBLISH_PASS_ONLY', republish_topic: 'blessed', tier: 'TIER_1' }),
  ]);
  await enforcerOf(lake, source, {
    policies,
    telemetry,
    onJudged: (judged) => evidence.push(...judged),
    republisher: {
      async send(_topic, some) {
        sent.push(...some);
      },
    },
  }).run();
  return { evidence, sent };
}

/** Seconds and nanoseconds, as OpenTelemetry has a moment, in nanoseconds. */
const nanosOf = ([seconds, nanos]: readonly [number, number]): bigint =>
  BigInt(seconds) * 1_000_000_000n + BigInt(nanos);

const headerOf = ({ headers: all }: ObservedEvent, name: string) =>
  all.filter((one) => one.name === name).map(({ value }) => Buffer.from(value ?? []).toString());

test('each event has its spans in its own trace, and what is sent on goes on with them', async () => {
  const exporter = new InMemorySpanExporter();
  const provider = new NodeTracerProvider({
    idGenerator: STEERED_IDS,
    spanProcessors: [new SimpleSpanProcessor(exporter)],
  });
  provider.register();
  try {
    const { evidence, sent } = await enforce(
      'spans',
      eventSpans(() => performance.timeOrigin + performance.now()),
    );
    const spans = exporter.getFinishedSpans();
    const [first, second, third] = evidence;
    const of = (id: string | undefined) => spans.filter((span) => span.spanContext().traceId === id);
    // The third event's trace isn't recorded, and has the first one's id.
    expect(of(first?.otel.trace_id)).toHaveLength(5);
    expect(of(second?.otel.trace_id)).toHaveLength(5);
    expect(spans).toHaveLength(10);
    for (const [one, parent] of [
      [first, PARENT],
      [second, undefined],
    ] as const) {
      const root = of(one?.otel.trace_id).find(({ name }) => name === 'enforcer.consume');
      expect(root?.spanContext().spanId).toBe(one?.otel.span_id);
      expect(root?.parentSpanContext?.spanId).toBe(parent);
      const inside = of(one?.otel.trace_id).filter((span) => span !== root);
      expect(inside.map(({ name }) => name).sort()).toEqual([
        'enforcer.emit.evidence',
        'enforcer.resolve_dataset',
        'enforcer.validate.contract',
        'enforcer.validate.schema',
      ]);
      for (const span of inside) {
        expect(span.parentSpanContext?.spanId).toBe(one?.otel.span_id);
        expect(nanosOf(span.startTime)).toBeGreaterThanOrEqual(nanosOf(root?.startTime ?? [0, 0]));
      }
      for (const span of of(one?.otel.trace_id))
        expect(Object.keys(span.attributes)).toEqual(
          expect.arrayContaining([
            'dataset_urn',
            'raw_topic',
            'result',
            'failed_gate',
            'identity_confidence',
          ]),
        );
    }
    const results = Object.fromEntries(
      of(second?.otel.trace_id).map(({ name, attributes }) => [
        name,
        `${attributes.result} ${attributes.failed_gate}`,
      ]),
    );
    expect(results).toEqual({
      'enforcer.consume': 'FAIL CONTRACT',
      'enforcer.resolve_dataset': 'PASS NONE',
      'enforcer.validate.schema': 'PASS NONE',
      'enforcer.validate.contract': 'FAIL CONTRACT',
      'enforcer.emit.evidence': 'FAIL CONTRACT',
    });
    expect(sent.map((one) => [headerOf(one, 'traceparent'), headerOf(one, 'tracestate')])).toEqual([
      [[`00-${TRACE}-${first?.otel.span_id}-01`], ['a=b']],
      [[`00-${TRACE}-${third?.otel.span_id}-00`], ['a=b']],
    ]);
  } finally {
    await provider.shutdown();
    trace.disable();
  }
});

test('what is sent on without spans keeps its headers', async () => {
  const { sent } = await enforce('untraced', enforcerMetrics(() => performance.now()).telemetry);
  expect(sent.map(({ headers: all }) => all)).toEqual([EVENTS[0]?.headers, EVENTS[2]?.headers]);
});

test.each([
  ['00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01', true],
  ['cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-what-later-versions-say', true],
  ['00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more', false],
  ['ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01', false],
  ['00-00000000000000000000000000000000-00f067aa0ba902b7-01', false],
  ['00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01', false],
  ['00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01', false],
  ['', false],
])('traceparent %p: goes on %p', (traceparent, isValid) => {
  expect(traceContext(headers({ traceparent })) !== undefined).toBe(isValid);
});

/** Samples of a text of metrics: `name{labels}` to value. */
const samplesOf = (text: string): Record<string, number> =>
  Object.fromEntries(
    text
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]),
  );

test('metrics count what was judged, an event that comes again no second time', async () => {
  let lag = [{ partition: { topic: 'raw.orders.events', partition: 3 }, lag: 7 }];
  const metrics = enforcerMetrics(() => performance.now(), {
    lag: () => lag,
    policyCounts: () => ({ hits: 3, misses: 1 }),
    topics: () => [{ topic: 'raw.orders.events', dataset: 'urn:dp:orders:created', tier: 'TIER_1' }],
  });
  await enforce('metrics', metrics.telemetry);
  await enforce('metrics', metrics.telemetry);
  metrics.emitFailed('signal_factory.evidence', 'KAFKA');
  metrics.expired('raw.orders.events', 3, 40);
  metrics.incidents([{ dataset: 'urn:dp:orders:created', kind: 'FRESHNESS' }]);
  metrics.incidents([{ dataset: 'urn:dp:orders:created', kind: 'COMPLIANCE' }]);
  let reasons: string[] = ['no partition was assigned yet'];
  const server = await serveMetrics({ host: '127.0.0.1', port: 0 }, metrics, () => reasons);
  try {
    const get = (path: string) => fetch(`http://127.0.0.1:${server.port}${path}`);
    const answer = await get('/metrics');
    expect(answer.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
    const [dataset, topic] = ['dataset="urn:dp:orders:created"', 'topic="raw.orders.events"'];
    expect(samplesOf(await answer.text())).toMatchObject({
      [`enforcer_consumer_lag{${topic},partition="3"}`]: 7,
      [`enforcer_records_total{${topic},${dataset},result="PASS"}`]: 2,
      [`enforcer_records_total{${topic},${dataset},result="FAIL"}`]: 1,
      [`enforcer_gate_failures_total{gate="CONTRACT",${dataset},reason="NULL_VALUE:customer_id"}`]: 1,
      [`enforcer_eval_latency_ms_count{${dataset}}`]: 3,
      [`enforcer_evidence_latency_ms_count{${dataset}}`]: 3,
      'enforcer_evidence_emit_errors_total{topic="signal_factory.evidence",error="KAFKA"}': 1,
      [`enforcer_records_expired_total{${topic},partition="3"}`]: 40,
      policy_cache_hit_ratio: 0.75,
      [`enforcer_incidents_open{${dataset},kind="COMPLIANCE"}`]: 1,
      [`enforcer_topic_info{${topic},${dataset},tier="TIER_1"}`]: 1,
    });
    expect(await (await get('/metrics')).text()).not.toContain('FRESHNESS');
    lag = [];
    expect(await (await get('/metrics')).text()).not.toContain('enforcer_consumer_lag{');
    expect([(await get('/healthz')).status, (await get('/readyz')).status]).toEqual([200, 503]);
    expect(await (await get('/readyz')).json()).toEqual({ status: 'unavailable', reasons });
    reasons = [];
    expect((await get('/readyz')).status).toBe(200);
    expect((await get('/else')).status).toBe(404);
  } finally {
    await server.close();
  }
});

test('reasons beyond a hundred at a gate are one series', () => {
  const limit = new SeriesLimit();
  const taken = Array.from({ length: 150 }, (_, n) => limit.take('SCHEMA a', `R${n}`));
  expect(new Set(taken).size).toBe(101);
  expect([limit.take('SCHEMA a', 'R3'), limit.take('SCHEMA b', 'R149')]).toEqual(['R3', 'R149']);
});

test('dashboard and alerts ask for metrics that there are, and for labels that these have', async () => {
  const text = await enforcerMetrics(() => 0).text();
  const names = new Set([...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name = '']) => name));
  const dashboard = JSON.parse(await readFile('deploy/grafana/enforcer.json', 'utf8')) as {
    panels: { title: string; targets: { expr: string }[] }[];
  };
  const rules = parse(await readFile('deploy/prometheus/enforcer-rules.yaml', 'utf8')) as {
    groups: { rules: { alert: string; expr: string }[] }[];
  };
  const asked = [
    ...dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)),
    ...rules.groups.flatMap((group) => group.rules.map(({ expr }) => expr)),
  ];
  expect(asked.length).toBeGreaterThan(20);
  const used = new Set<string>();
  for (const expr of asked) {
    const found = [...expr.matchAll(/\b(?:enforcer|policy)_[a-z_]+/g)].map(([name]) =>
      name.replace(/_bucket$/, ''),
    );
    expect(found.length).toBeGreaterThan(0);
    for (const name of found) used.add(name);
  }
  expect([...used].filter((name) => !names.has(name))).toEqual([]);
  expect([...names].filter((name) => !used.has(name))).toEqual([]);
});
