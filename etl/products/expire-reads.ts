import { atMost, inFlight } from '../in-flight.ts';
import { READS_PREFIX, readsDay } from '../naming/reads.ts';
import type { ObjectStore } from '../ports.ts';
import { dayOf } from './read-log.ts';

/** What of the log of reads went. */
export interface ExpiredReads {
  /** The first day that stays, `YYYY-MM-DD`, UTC. */
  readonly before: string;
  /** Days that were forgotten, and how many documents of them: one for each reader and way. */
  readonly days: number;
  readonly documents: number;
}

/** Documents that are removed at one time. */
const AT_ONCE = 16;

/** Forgets who read products on the days before that of a moment, all datasets alike. A repeat changes nothing. */
export async function expireReads(objects: ObjectStore, moment: Date): Promise<ExpiredReads> {
  const before = dayOf(moment);
  const listed = (await objects.list(READS_PREFIX)).map(({ key }) => key);
  const old = listed.filter((key) => {
    const day = readsDay(key);
    return day !== undefined && day < before;
  });
  for await (const _ of inFlight(old, atMost(AT_ONCE), (key) => objects.remove(key)));
  return { before, days: new Set(old.map(readsDay)).size, documents: old.length };
}
