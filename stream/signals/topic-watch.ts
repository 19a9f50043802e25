import type { Partition } from '../event.ts';
import { effectivePolicy, type PolicySet } from '../policy/policy-set.ts';
import type { Finding } from './incident.ts';

/** Above so many events behind, for so long, a topic of Tier 1 is late. */
const [MOST_LAG, LAG_MS] = [1_000, 5 * 60_000];

/** For so long records that expired are told of. */
const EXPIRED_MS = 10 * 60_000;

type Lag = readonly { readonly partition: Pick<Partition, 'topic' | 'partition'>; readonly lag: number }[];

/** Watches what only the reader of topics knows: how far behind it is, and which records expired before it read them. */
export class TopicWatch {
  /** Since when a topic is too far behind. */
  readonly #late = new Map<string, number>();
  readonly #expired = new Map<string, { finding: Finding; atMs: number }>();

  /** Notes records of a partition, from one offset up to, not including, another, that expired unread. */
  expired(
    { topic, partition }: Pick<Partition, 'topic' | 'partition'>,
    range: { from: number; to: number },
    nowMs: number,
  ): void {
    const finding: Finding = {
      ...{ kind: 'EVIDENCE_GAP', severity: 'critical', dataset_urn: null, topic, tier: null, owners: [] },
      title: `Offsets ${range.from} to ${range.to - 1} of ${topic}, partition ${partition}, expired before they were read: there is no evidence of them.`,
      measured: { value: range.to - range.from, limit: 0, unit: 'events' },
      cause: null,
    };
    this.#expired.set(topic, { finding, atMs: nowMs });
  }

  /** What is wrong with the topics that are read here; only topics of Tier 1 can be late. */
  findings(set: PolicySet, lag: Lag, nowMs: number): Finding[] {
    const behind = new Map<string, number>();
    for (const { partition, lag: events } of lag)
      behind.set(partition.topic, (behind.get(partition.topic) ?? 0) + events);
    for (const topic of this.#late.keys()) if ((behind.get(topic) ?? 0) <= MOST_LAG) this.#late.delete(topic);
    const found: Finding[] = [];
    for (const [topic, events] of behind) {
      const policies = policiesOf(topic, set);
      if (events <= MOST_LAG || !policies.some(({ tier }) => tier === 'TIER_1')) continue;
      const sinceMs = this.#late.get(topic) ?? nowMs;
      this.#late.set(topic, sinceMs);
      if (nowMs - sinceMs >= LAG_MS) found.push(lateOf(topic, events, policies));
    }
    for (const [topic, { finding, atMs }] of this.#expired) {
      if (nowMs - atMs > EXPIRED_MS) this.#expired.delete(topic);
      else found.push({ ...finding, owners: ownersOf(policiesOf(topic, set)) });
    }
    return found;
  }
}

const lateOf = (topic: string, events: number, policies: ReturnType<typeof policiesOf>): Finding => ({
  ...{ kind: 'CRITICAL_LAG', severity: 'critical', dataset_urn: null, topic, tier: 'TIER_1', cause: null },
  owners: ownersOf(policies),
  title: `The enforcer has been more than ${MOST_LAG} events behind ${topic} for five minutes; now it is ${events}.`,
  measured: { value: events, limit: MOST_LAG, unit: 'events' },
});

const ownersOf = (policies: ReturnType<typeof policiesOf>): string[] => [
  ...new Set(policies.flatMap(({ owners }) => owners)),
];

/** The policies of the datasets that a topic leads to. */
const policiesOf = (topic: string, set: PolicySet) =>
  set.rules.flatMap(({ source_type, source_value, dataset_urn }) =>
    source_type === 'TOPIC' && source_value === topic ? [effectivePolicy(set, dataset_urn).policy] : [],
  );
