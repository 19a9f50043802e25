import { TransientError } from '../../etl/errors.ts';
import type { Clock } from '../../etl/ports.ts';
import type { PolicySet } from './policy-set.ts';
import type { PolicyStore } from './policy-store.ts';
import { NOTHING_READ, readPolicies, type StoredPolicies } from './read-policies.ts';

/** Where policies are read, and how often. */
export interface PolicyCacheOptions {
  readonly store: Pick<PolicyStore, 'current'>;
  readonly clock: Clock;
  /** After how long the store is asked again, beside the work; 20 s unless said. */
  readonly refreshMs?: number;
  /** After how long nobody goes on without the store's answer; 50 s unless said, so that a change holds within a minute. */
  readonly staleMs?: number;
  /** How long policies hold that can't be read again; from then on the safe default does. A day unless said. */
  readonly keepMs?: number;
  /** How long an answer is waited for; 10 s unless said. One that comes later is used. */
  readonly patienceMs?: number;
  /** Is told why the store could not be read. */
  readonly onFailure?: (error: unknown) => void;
}

/** Policies that an enforcer asks for with each batch. */
export interface PolicyCache {
  /** What is known now. Never throws: where nothing was ever read, the set is empty and stale. */
  current(): Promise<PolicySet>;
  /** Questions that were answered without waiting for the store, and those that were not. */
  counts(): { readonly hits: number; readonly misses: number };
}

/** After a failure the store is left alone for so long. */
const RETRY_MS = 5_000;

/**
 * Keeps what a store said last. It follows changes within a minute, and keeps what was good where the store can't be asked:
 * the set then says that it is stale, and since when.
 */
export function cachePolicies(options: PolicyCacheOptions): PolicyCache {
  const { store, clock, refreshMs = 20_000, staleMs = 50_000 } = options;
  const { keepMs = 86_400_000, patienceMs = 10_000, onFailure } = options;
  let known: StoredPolicies = NOTHING_READ;
  let readAt: Date | null = null;
  let failedMs = Number.NEGATIVE_INFINITY;
  let reading: Promise<void> | undefined;
  let [hits, misses] = [0, 0];

  const nowMs = (): number => clock.now().getTime();
  const ageMs = (): number => (readAt === null ? Number.POSITIVE_INFINITY : nowMs() - readAt.getTime());
  const refresh = (): Promise<void> => {
    // What changes while the store is read may be missing from its answer: its age counts from before.
    if (reading !== undefined) return reading;
    const began = clock.now();
    const read = readPolicies(store, known).then((found) => {
      if (readAt === null || began >= readAt)
        [known, readAt, failedMs] = [found, began, Number.NEGATIVE_INFINITY];
    });
    reading = within(read, patienceMs)
      .catch((error: unknown) => {
        failedMs = nowMs();
        onFailure?.(error);
      })
      .finally(() => {
        reading = undefined;
      });
    return reading;
  };

  return {
    async current() {
      const isDue = ageMs() >= refreshMs && nowMs() - failedMs >= RETRY_MS;
      const underWay = isDue ? refresh() : reading;
      const mustWait = underWay !== undefined && ageMs() >= staleMs;
      if (mustWait) await underWay;
      if (mustWait) misses++;
      else hits++;
      const isStale = ageMs() >= staleMs;
      const { rules, broken } = known;
      return { policies: ageMs() < keepMs ? known.policies : new Map(), rules, broken, readAt, isStale };
    },
    counts: () => ({ hits, misses }),
  };
}

/** Waits for work to end; throws TransientError `POLICY_STORE_SLOW` where it takes longer than so. */
async function within(work: Promise<void>, patienceMs: number): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const over = new Promise<never>((_, reject) => {
    const late = new TransientError(
      'POLICY_STORE_SLOW',
      `The store of policies has not answered for ${patienceMs} ms: what it said last holds meanwhile.`,
    );
    timer = setTimeout(() => reject(late), patienceMs);
  });
  try {
    await Promise.race([work, over]);
  } finally {
    clearTimeout(timer);
    // It may fail later still.
    work.catch(() => undefined);
  }
}
