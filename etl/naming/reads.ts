import { hashOf } from './bronze.ts';

/** Keys of the log of reads. They are made in this folder and nowhere else. */

const READS = 'ops/reads/';

/** Where the reads of a day (`YYYY-MM-DD`, UTC) are counted, a document for each reader and way. */
export const readsPrefix = (day: string): string => `${READS}${day}/`;

export const readsKey = (day: string, by: string, way: string): string =>
  `${readsPrefix(day)}${way}-${hashOf(by, 24)}.json`;
