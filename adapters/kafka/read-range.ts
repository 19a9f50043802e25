import { DataError } from '../../etl/errors.ts';
import type { ObservedEvent } from '../../stream/event.ts';
import type { Cluster } from './cluster.ts';
import { type FetchLimits, fetchApi, fetchRecords } from './fetch-api.ts';
import { kafkaError } from './kafka-error.ts';
import { committedEvents } from './read-committed.ts';

/** Offsets of a partition: `from` up to, not including, `to`. */
export interface TopicRange {
  readonly topic: string;
  /** The topic's id as requests have it. */
  readonly uuid: string;
  readonly leader: number;
  readonly partition: number;
  readonly from: number;
  readonly to: number;
}

const LIMITS: FetchLimits = { maxWaitMs: 1_000, minBytes: 1, maxBytes: 8 << 20, maxPartitionBytes: 4 << 20 };
const MAX_BATCH_BYTES = 256 << 20;
const NOTHING_MS = 30_000;

/**
 * The committed events of a range in order, in pieces as they are fetched, each with the offset behind it; they end at
 * `to` at the latest. Throws TransientError where the broker gives nothing for half a minute, DataError where it refuses.
 */
export async function* readRange(
  cluster: Cluster,
  { topic, uuid, leader, partition, from, to }: TopicRange,
): AsyncGenerator<{ readonly events: readonly ObservedEvent[]; readonly endOffset: number }> {
  const api = await fetchApi(cluster);
  let lastMs = Date.now();
  for (let offset = from; offset < to; ) {
    const what = `reading ${topic}, partition ${partition}, offset ${offset}`;
    const request = { api, broker: leader, limits: LIMITS };
    const answers = await fetchRecords(cluster, request, [{ topicId: uuid, partition, offset }]).catch(
      (error: unknown) => {
        throw kafkaError(error, what);
      },
    );
    const [answer] = answers;
    if (answer === undefined || answer.errorCode !== 0)
      throw new DataError('KAFKA_FETCH', `The broker refuses ${what}: its error ${answer?.errorCode ?? -1}.`);
    const { bytes, aborted } = answer;
    const read = committedEvents({ fromOffset: offset, bytes, aborted, maxBatchBytes: MAX_BATCH_BYTES });
    if (read.endOffset > offset) lastMs = Date.now();
    else if (Date.now() - lastMs > NOTHING_MS)
      throw kafkaError(new Error('nothing came for half a minute'), what);
    const events = read.events.filter((event) => event.offset < to);
    offset = Math.min(to, read.endOffset);
    if (events.length > 0) yield { events, endOffset: offset };
  }
}
