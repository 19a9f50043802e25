import type { Evidence } from '../evidence/evidence.ts';

/** How many events passed and failed. */
export interface Share {
  passed: number;
  failed: number;
}

/** An event as incidents name it: where it is and why it failed, and nothing that it held. */
export interface Sample {
  readonly evidence_id: string;
  readonly topic: string;
  readonly topic_id: string;
  readonly partition: number;
  readonly offset: number;
  /** When the broker got it. */
  readonly at: string;
  readonly producer_id: string;
  readonly reason_codes: readonly string[];
}

/** Events that failed for one reason. */
interface ReasonCount {
  events: number;
  /** The first of them, and some more. */
  samples: Sample[];
  /** By what else is known of them. */
  readonly facts: Record<Fact, Map<string, number>>;
}

/** What may have changed when events begin to fail. */
export const FACTS = ['producer_id', 'schema_id', 'contract_version'] as const;
export type Fact = (typeof FACTS)[number];

/** What is known of the events of a dataset in a span of time. */
export interface WindowCounts extends Share {
  /** When the broker got the newest; -Infinity where there is none. */
  newestMs: number;
  readonly gates: Map<string, number>;
  readonly reasons: Map<string, ReasonCount>;
  readonly warnings: Map<string, number>;
  readonly facts: Record<Fact, Map<string, Share>>;
}

/** So many reasons, and values of a fact, are told apart; so many samples are kept of each reason. */
const [MOST_VALUES, MOST_SAMPLES] = [200, 5];

/** Counts of nothing. */
export const noCounts = (): WindowCounts => ({
  ...{ passed: 0, failed: 0, newestMs: Number.NEGATIVE_INFINITY },
  ...{ gates: new Map(), reasons: new Map(), warnings: new Map() },
  facts: { producer_id: new Map(), schema_id: new Map(), contract_version: new Map() },
});

/** When the broker got an event; a time that its producer said, and that had not come when it was judged, is no later than that. */
export const seenMs = ({ source, timestamp }: Evidence): number =>
  Math.min(Date.parse(source.broker_time), Date.parse(timestamp));

/** Adds an event. */
export function countEvidence(counts: WindowCounts, evidence: Evidence): void {
  const { validation } = evidence;
  const isPass = validation.result === 'PASS';
  counts[isPass ? 'passed' : 'failed']++;
  counts.newestMs = Math.max(counts.newestMs, seenMs(evidence));
  const values = factsOf(evidence);
  for (const fact of FACTS) {
    const share = taken(counts.facts[fact], values[fact], () => ({ passed: 0, failed: 0 }));
    if (share !== undefined) share[isPass ? 'passed' : 'failed']++;
  }
  for (const gate of validation.failed_gates) add(counts.gates, gate, 1);
  for (const warning of validation.warnings) add(counts.warnings, warning, 1);
  for (const reason of validation.reason_codes)
    addReason(counts.reasons, reason, { events: 1, samples: [sampleOf(evidence)], facts: ofOne(values) });
}

/** Adds others to counts. */
export function addCounts(counts: WindowCounts, more: WindowCounts): void {
  counts.passed += more.passed;
  counts.failed += more.failed;
  counts.newestMs = Math.max(counts.newestMs, more.newestMs);
  for (const [gate, events] of more.gates) add(counts.gates, gate, events);
  for (const [warning, events] of more.warnings) add(counts.warnings, warning, events);
  for (const [reason, one] of more.reasons) addReason(counts.reasons, reason, one);
  for (const fact of FACTS)
    for (const [value, { passed, failed }] of more.facts[fact]) {
      const share = taken(counts.facts[fact], value, () => ({ passed: 0, failed: 0 }));
      if (share === undefined) continue;
      share.passed += passed;
      share.failed += failed;
    }
}

/** What most of them have; undefined where there is none. Of equals the first by name. */
export const mostOf = (counts: ReadonlyMap<string, number>): string | undefined =>
  [...counts].sort(([a, many], [b, more]) => more - many || (a < b ? -1 : 1))[0]?.[0];

function addReason(reasons: Map<string, ReasonCount>, reason: string, more: ReasonCount): void {
  const known = taken(reasons, reason, () => ({
    events: 0,
    samples: [],
    facts: { producer_id: new Map(), schema_id: new Map(), contract_version: new Map() },
  }));
  if (known === undefined) return;
  known.events += more.events;
  known.samples = earliest([...known.samples, ...more.samples]);
  for (const fact of FACTS)
    for (const [value, events] of more.facts[fact]) add(known.facts[fact], value, events);
}

/** The first by the broker's time, and within a partition by offset. */
const earliest = (samples: readonly Sample[]): Sample[] =>
  [...samples]
    .sort((a, b) => (a.at === b.at ? a.partition - b.partition || a.offset - b.offset : a.at < b.at ? -1 : 1))
    .slice(0, MOST_SAMPLES);

const factsOf = ({ producer, schema, contract }: Evidence): Record<Fact, string | null> => ({
  producer_id: producer.producer_id,
  schema_id: schema.schema_id,
  contract_version: contract.contract_version,
});

function ofOne(values: Record<Fact, string | null>): ReasonCount['facts'] {
  const map = (value: string | null): Map<string, number> => new Map(value === null ? [] : [[value, 1]]);
  const { producer_id, schema_id, contract_version } = values;
  return {
    producer_id: map(producer_id),
    schema_id: map(schema_id),
    contract_version: map(contract_version),
  };
}

const sampleOf = ({ evidence_id, source, producer, validation }: Evidence): Sample => ({
  evidence_id,
  topic: source.raw_topic,
  topic_id: source.topic_id,
  partition: source.partition,
  offset: source.offset,
  at: source.broker_time,
  producer_id: producer.producer_id,
  reason_codes: validation.reason_codes.slice(0, 20),
});

function taken<T>(map: Map<string, T>, name: string | null, make: () => T): T | undefined {
  if (name === null) return undefined;
  const known = map.get(name);
  if (known !== undefined || map.size >= MOST_VALUES) return known;
  const made = make();
  map.set(name, made);
  return made;
}

function add(map: Map<string, number>, name: string, events: number): void {
  const known = map.get(name);
  if (known !== undefined || map.size < MOST_VALUES) map.set(name, (known ?? 0) + events);
}
