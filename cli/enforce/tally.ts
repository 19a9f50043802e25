import type { Evidence } from '../../stream/evidence/evidence.ts';
import { addLanded, type Landed, NOTHING_LANDED } from '../../stream/landing/landed.ts';

/** What an enforcer did so far. */
export class Tally {
  readonly #reasons = new Map<string, number>();
  readonly #warnings = new Map<string, number>();
  readonly #gates = new Map<string, number>();
  readonly #topics = new Map<string, { events: number; failed: number }>();
  #landed: Landed = NOTHING_LANDED;
  #heldBack = 0;

  /** Counts the evidence of a batch. */
  judged(evidence: readonly Evidence[]): void {
    for (const { validation, dataset_urn, source } of evidence) {
      const name = `${dataset_urn} ${source.raw_topic}`;
      const topic = this.#topics.get(name) ?? { events: 0, failed: 0 };
      this.#topics.set(name, topic);
      topic.events++;
      if (validation.result === 'FAIL') topic.failed++;
      for (const gate of validation.failed_gates) add(this.#gates, gate);
      for (const reason of validation.reason_codes) add(this.#reasons, reason);
      for (const warning of validation.warnings) add(this.#warnings, warning);
    }
  }

  landed(landed: Landed): void {
    this.#landed = addLanded(this.#landed, landed);
  }

  heldBack(events: number): void {
    this.#heldBack += events;
  }

  /** Events that passed and were to be sent on, with nothing to send them. */
  get heldBackEvents(): number {
    return this.#heldBack;
  }

  /** What landed, and what had landed before. */
  get landing(): Landed {
    return this.#landed;
  }

  get events(): number {
    return sum([...this.#topics.values()].map(({ events }) => events));
  }

  get failed(): number {
    return sum([...this.#topics.values()].map(({ failed }) => failed));
  }

  /** By topic and dataset. */
  get topics(): readonly { topic: string; datasetUrn: string; events: number; failed: number }[] {
    return [...this.#topics].map(([name, counts]) => {
      // A topic may be called anything, and of a dataset nothing has a blank.
      const end = name.indexOf(' ');
      return { topic: name.slice(end + 1), datasetUrn: name.slice(0, end), ...counts };
    });
  }

  /** Gates at which events failed, the most frequent first; an event may fail at several. */
  get gates(): readonly [string, number][] {
    return sorted(this.#gates);
  }

  /** Reasons for which events failed, the most frequent first. */
  get reasons(): readonly [string, number][] {
    return sorted(this.#reasons);
  }

  /** What was only said, the most frequent first. */
  get warnings(): readonly [string, number][] {
    return sorted(this.#warnings);
  }
}

/** Names that are counted one by one: an event may bring a new one each time (`ENVELOPE_INVALID:…`). */
const MOST_NAMES = 1_000;
const OTHERS = '(others)';

function add(counts: Map<string, number>, name: string): void {
  const counted = counts.has(name) || counts.size < MOST_NAMES ? name : OTHERS;
  counts.set(counted, (counts.get(counted) ?? 0) + 1);
}

const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0);

const sorted = (counts: ReadonlyMap<string, number>): [string, number][] =>
  [...counts].sort(([a, many], [b, more]) => more - many || (a < b ? -1 : 1));
