import { hashOf } from './bronze.ts';

/** Keys of the log of reads. They are made in this folder and nowhere else. */

/** Where all reads are counted. */
export const READS_PREFIX = 'ops/reads/';

/** Where the reads of a day (`YYYY-MM-DD`, UTC) are counted, a document for each reader and way. */
export const readsPrefix = (day: string): string => `${READS_PREFIX}${day}/`;

export const readsKey = (day: string, by: string, way: string): string =>
  `${readsPrefix(day)}${way}-${hashOf(by, 24)}.json`;

/** The day of a key of the log of reads; undefined of another key. */
export const readsDay = (key: string): string | undefined =>
  key.startsWith(READS_PREFIX)
    ? /^\d{4}-\d{2}-\d{2}(?=\/)/.exec(key.slice(READS_PREFIX.length))?.[0]
    : undefined;
