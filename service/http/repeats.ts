import { z } from 'zod';
import { ConfigError } from '../../etl/errors.ts';
import type { Clock, Tickets } from '../../etl/ports.ts';
import { hashOf } from '../identity/same-secret.ts';

const KEPT_MS = 24 * 3_600_000;
const MOST_KEPT = 10_000;

/** What DynamoDB keeps of one text, and some room. */
const MOST_SHARED = 300_000;

/** A change that a program asked for under a key of its own. */
interface Kept<T> {
  readonly request: string;
  readonly answer: Promise<T>;
  readonly atMs: number;
}

/** Where answers are kept for other processes of the service, and what they look like. */
export interface SharedAnswers<T> {
  readonly tickets: Tickets;
  readonly answer: z.ZodType<T>;
}

/**
 * Does a keyed request once. A repeat within a day gets the first one's answer, even while that is under way; where
 * answers are shared, also one that another process gave. Failed requests may be retried. Throws ConfigError
 * `OTHER_REQUEST` where the key was used for something else.
 */
export function onceByKey<T>(clock: Clock, shared?: SharedAnswers<T>) {
  const kept = new Map<string, Kept<T>>();
  return async (key: string, request: string, work: () => Promise<T>): Promise<T> => {
    const nowMs = clock.now().getTime();
    for (const [old, { atMs }] of kept) {
      if (nowMs - atMs < KEPT_MS && kept.size <= MOST_KEPT) break;
      kept.delete(old);
    }
    const digest = hashOf(request).toString('hex');
    const earlier = kept.get(key);
    if (earlier !== undefined) return await answerOf(earlier, digest);
    const endsAt = new Date(nowMs + KEPT_MS);
    const answer = shared === undefined ? work() : onceByAll({ key, digest, endsAt }, work, shared);
    kept.set(key, { request: digest, answer, atMs: nowMs });
    answer.catch(() => kept.delete(key));
    return await answer;
  };
}

function answerOf<A>(
  { request, answer }: { readonly request: string; readonly answer: A },
  digest: string,
): A {
  if (request === digest) return answer;
  throw new ConfigError(
    'OTHER_REQUEST',
    'This Idempotency-Key was used for another request: take a new one.',
  );
}

interface Keyed {
  readonly key: string;
  readonly digest: string;
  readonly endsAt: Date;
}

/** The answer that another process kept, or that of the work, which is kept for the others. */
async function onceByAll<T>(
  { key, digest, endsAt }: Keyed,
  work: () => Promise<T>,
  { tickets, answer: shape }: SharedAnswers<T>,
): Promise<T> {
  const ticket = `repeat ${hashOf(key).toString('hex')}`;
  const text = await tickets.get(ticket);
  if (text !== undefined) {
    const found = z.object({ request: z.string(), answer: shape }).parse(JSON.parse(text));
    return answerOf<T>(found, digest);
  }
  const answer = await work();
  const note = JSON.stringify({ request: digest, answer });
  if (note.length <= MOST_SHARED) await tickets.put(ticket, note, endsAt);
  return answer;
}
