import { evidencePrefix } from '../../etl/naming/streams.ts';
import type { ObjectStore } from '../../etl/ports.ts';
import type { Evidence } from '../evidence/evidence.ts';
import { readEvidence } from '../evidence/read-evidence.ts';
import { datasetOfUrn, UNKNOWN_DATASET } from '../policy/dataset-urn.ts';
import { addCounts, countEvidence, noCounts, seenMs, type WindowCounts } from './window-counts.ts';

const MINUTE_MS = 60_000;

/** How far back evidence is counted; what is older is forgotten. */
export const HISTORY_MS = 65 * MINUTE_MS;

/** How far back the newest evidence of a dataset is looked for. */
const NEWEST_MS = 7 * 24 * 60 * MINUTE_MS;

/** An object is named by its first event, and may hold what came so much later. */
const SLACK_MS = 10 * MINUTE_MS;

/** So many events that others judged are read at a look; of more, the newest. */
const MOST_READ = 200_000;

interface Known {
  /** Objects that are counted, or too old or too many to be. */
  readonly seen: Set<string>;
  readonly minutes: Map<number, WindowCounts>;
  newestMs: number;
}

/**
 * Counts of the evidence that a lake keeps, by dataset and minute of the broker's time. Each object is read once; those
 * that this process wrote are counted as they are written, and not read at all.
 */
export class EvidenceWindows {
  readonly #objects: Pick<ObjectStore, 'list' | 'get'>;
  readonly #mostRead: number;
  readonly #of = new Map<string, Known>();

  /** At a look at most about `mostRead` events are read. */
  constructor(objects: Pick<ObjectStore, 'list' | 'get'>, mostRead = MOST_READ) {
    this.#objects = objects;
    this.#mostRead = mostRead;
  }

  /** Counts evidence that was written as this object. */
  add(key: string, evidence: readonly Evidence[]): void {
    const [first] = evidence;
    if (first === undefined) return;
    const known = this.#known(first.dataset_urn);
    if (known.seen.has(key)) return;
    known.seen.add(key);
    for (const one of evidence) {
      const atMs = seenMs(one);
      const minute = Math.floor(atMs / MINUTE_MS);
      const counts = known.minutes.get(minute) ?? noCounts();
      known.minutes.set(minute, counts);
      countEvidence(counts, one);
      known.newestMs = Math.max(known.newestMs, atMs);
    }
  }

  /** Reads what the lake has of a dataset that isn't counted yet, back from a moment, or from its newest evidence. */
  async refresh(urn: string, nowMs: number): Promise<void> {
    const known = this.#known(urn);
    const prefix = evidencePrefix(urn === UNKNOWN_DATASET ? undefined : datasetOfUrn(urn));
    const isFirst = known.newestMs === Number.NEGATIVE_INFINITY;
    const sinceMs = isFirst ? nowMs - NEWEST_MS : Math.min(nowMs, known.newestMs) - HISTORY_MS - SLACK_MS;
    const keys = await this.#objects.list(prefix, `${prefix}${momentWord(sinceMs)}`);
    // What comes late or from a file may be of any time: without anything of late, what there is counts.
    const found = isFirst && keys.length === 0 ? await this.#objects.list(prefix) : keys;
    let left = this.#mostRead;
    const lastMs = momentMs(found.at(-1)?.key.slice(prefix.length) ?? '');
    const oldestMs = Math.min(lastMs, nowMs) - HISTORY_MS - SLACK_MS;
    for (const { key } of [...found].reverse()) {
      if (known.seen.has(key)) continue;
      if (left <= 0 || momentMs(key.slice(prefix.length)) < oldestMs) {
        known.seen.add(key);
        continue;
      }
      const evidence = await readEvidence(this.#objects, key);
      left -= evidence.length;
      this.add(key, evidence);
    }
    this.#forget(known);
  }

  /** What is known of a dataset from one moment on up to, not including, another; whole minutes. */
  counts(urn: string, fromMs: number, toMs: number): WindowCounts {
    const sum = noCounts();
    for (const [minute, counts] of this.#of.get(urn)?.minutes ?? [])
      if (minute * MINUTE_MS >= fromMs && minute * MINUTE_MS < toMs) addCounts(sum, counts);
    return sum;
  }

  /** Events of a dataset by minute, as far as they are counted: when the minute began, milliseconds since 1970. */
  minutes(urn: string, fromMs: number): readonly { readonly atMs: number; readonly counts: WindowCounts }[] {
    return [...(this.#of.get(urn)?.minutes ?? [])]
      .map(([minute, counts]) => ({ atMs: minute * MINUTE_MS, counts }))
      .filter(({ atMs }) => atMs >= fromMs)
      .sort((a, b) => a.atMs - b.atMs);
  }

  /** When the broker got the newest event of a dataset that has evidence; undefined where none is known. */
  newestMs(urn: string): number | undefined {
    const newestMs = this.#of.get(urn)?.newestMs;
    return newestMs === undefined || newestMs === Number.NEGATIVE_INFINITY ? undefined : newestMs;
  }

  #known(urn: string): Known {
    const known = this.#of.get(urn) ?? {
      seen: new Set(),
      minutes: new Map(),
      newestMs: Number.NEGATIVE_INFINITY,
    };
    this.#of.set(urn, known);
    return known;
  }

  #forget(known: Known): void {
    const oldestMs = known.newestMs - HISTORY_MS - SLACK_MS;
    for (const minute of known.minutes.keys())
      if ((minute + 1) * MINUTE_MS < oldestMs) known.minutes.delete(minute);
    // Keys before that are not listed any more.
    const oldest = momentWord(oldestMs - SLACK_MS);
    for (const key of known.seen) if (key.slice(key.lastIndexOf('/') + 1) < oldest) known.seen.delete(key);
  }
}

/** How keys of evidence begin: `20260113T120101950Z`. */
const momentWord = (ms: number): string => new Date(Math.max(0, ms)).toISOString().replace(/[-:.]/g, '');

function momentMs(name: string): number {
  const [, y, mo, d, h, mi, s, ms] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)(\d{3})Z/.exec(name) ?? [];
  return y === undefined ? Number.NaN : Date.parse(`${y}-${mo}-${d}T${h}:${mi}:${s}.${ms}Z`);
}
