import { ConfigError } from '../../etl/errors.ts';
import type { Clock } from '../../etl/ports.ts';
import { hashOf } from '../identity/same-secret.ts';

const KEPT_MS = 24 * 3_600_000;
const MOST_KEPT = 10_000;

/** A change that a program asked for under a key of its own. */
interface Kept<T> {
  readonly request: string;
  readonly answer: Promise<T>;
  readonly atMs: number;
}

/**
 * Does a keyed request once. A repeat within a day gets the first one's answer, even while that is under way. Failed
 * requests may be retried. Throws ConfigError `OTHER_REQUEST` where the key was used for something else.
 */
export function onceByKey<T>(clock: Clock) {
  const kept = new Map<string, Kept<T>>();
  return async (key: string, request: string, work: () => Promise<T>): Promise<T> => {
    const nowMs = clock.now().getTime();
    for (const [old, { atMs }] of kept) {
      if (nowMs - atMs < KEPT_MS && kept.size <= MOST_KEPT) break;
      kept.delete(old);
    }
    const digest = hashOf(request).toString('hex');
    const earlier = kept.get(key);
    if (earlier !== undefined && earlier.request !== digest)
      throw new ConfigError(
        'OTHER_REQUEST',
        'This Idempotency-Key was used for another request: take a new one.',
      );
    if (earlier !== undefined) return await earlier.answer;
    const answer = work();
    kept.set(key, { request: digest, answer, atMs: nowMs });
    answer.catch(() => kept.delete(key));
    return await answer;
  };
}
