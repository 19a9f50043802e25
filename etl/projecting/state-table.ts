import { added } from '../contract/table-columns.ts';
import { identifier } from '../engine/sql.ts';
import type { TableColumn } from '../table/schema.ts';

/** Columns of the table of states, a row a stream: what a projection goes on from. */
export const STATE_COLUMNS: readonly TableColumn[] = [
  added('stream', 'string', 'The id of the stream, as text'),
  added('first_version', 'long', 'The smallest version that was folded'),
  added('version', 'long', 'The greatest version that was folded'),
  added('at', 'timestamptz', 'The latest time of its events, UTC'),
  added('events', 'long', 'How many events were folded'),
  added('state', 'string', 'What they came to, as JSON; {"$long": "1"} is a long'),
];

/** Streams of a bucket, about: a refresh writes the buckets anew whose streams it touches. */
const BUCKET_STREAMS = 65_536;
const MOST_BUCKETS = 256;

/** How many buckets so many streams are kept in: a power of two. */
export function bucketsFor(streams: number): number {
  const wanted = 2 ** Math.ceil(Math.log2(Math.max(1, streams / BUCKET_STREAMS)));
  return Math.min(MOST_BUCKETS, wanted);
}

/** SQL of the bucket of a stream, among so many: the same by every release. */
export const bucketSql = (stream: string, of: number): string =>
  `CAST(md5_number_lower(CAST(${identifier(stream)} AS VARCHAR)) & ${of - 1} AS INTEGER)`;
