import { ConfigError } from '../../etl/errors.ts';
import type { Partition } from '../../stream/event.ts';
import type { EventBatch, EventSource } from '../../stream/ports.ts';
import { keyOf, type TopicPartition } from './assignment.ts';
import { Cluster, type Topic } from './cluster.ts';
import { GroupCoordinator } from './group-coordinator.ts';
import { keptOffsets, type OffsetsWanted, offsetsAt } from './group-offsets.ts';
import { kafkaError } from './kafka-error.ts';
import { printedId } from './open-tracks.ts';
import { readRange } from './read-range.ts';
import type { KafkaSettings } from './settings.ts';

/** Where a range begins or ends: an offset, or the first event of a moment on; absent: the topic's first, or its end now. */
export type RangeBound = { readonly offset: number } | { readonly atMs: number } | undefined;

/** Offsets of a partition that are read: `from` up to, not including, `to`. */
export interface PartitionRange {
  readonly partition: Partition;
  readonly from: number;
  readonly to: number;
  /** How many offsets of what was asked for the topic has no more. */
  readonly expired: number;
}

/** What ranges of a topic are looked for. */
export interface RangeWanted {
  readonly topic: string;
  readonly from: RangeBound;
  readonly to: RangeBound;
  /** The group whose position is not passed, once it has one. */
  readonly group: string;
  /** Where what landed of a partition ends: nothing behind it is read, nor behind the group; undefined where nothing did. */
  readonly landedEnd: (partition: Partition) => Promise<number | undefined>;
}

/** Reads ranges of a topic once, outside of any group: read-committed, a partition after the other. */
export class KafkaRangeSource implements EventSource {
  readonly #cluster: Cluster;
  #ranges: readonly PartitionRange[] = [];
  #topic: Topic | undefined;
  #isStopped = false;

  constructor(settings: KafkaSettings) {
    this.#cluster = new Cluster(settings, 30_000);
  }

  /** Finds the ranges, which `batches` will read. Throws ConfigError `KAFKA_TOPIC` where there is no such topic. */
  async open(wanted: RangeWanted): Promise<readonly PartitionRange[]> {
    try {
      this.#ranges = await this.#rangesOf(wanted);
      return this.#ranges;
    } catch (error) {
      throw kafkaError(error, `asking for ${wanted.topic}`);
    }
  }

  async #rangesOf({ topic: name, from, to, group, landedEnd }: RangeWanted): Promise<PartitionRange[]> {
    const { clusterId, topics } = await this.#cluster.state([name]);
    const topic = topics.get(name);
    if (topic === undefined)
      throw new ConfigError('KAFKA_TOPIC', `The cluster has no topic ${name}: name another.`);
    this.#topic = topic;
    const partitions = topic.leaders.map((_, partition) => ({ topic: name, partition }));
    const at = (end: OffsetsWanted) => offsetsAt(this.#cluster, end, { topics, partitions });
    const [earliest, latest] = [await at('earliest'), await at('latest')];
    const bound = async (said: RangeBound, absent: ReadonlyMap<string, number>) => {
      const found = said !== undefined && 'atMs' in said ? await at(said) : absent;
      return (key: string): number => {
        if (said !== undefined && 'offset' in said) return said.offset;
        // No event is as late: Kafka answers -1.
        const offset = found.get(key) ?? -1;
        return offset < 0 ? (latest.get(key) ?? 0) : offset;
      };
    };
    const [startOf, endOf] = [await bound(from, earliest), await bound(to, latest)];
    const kept = await keptOffsets(new GroupCoordinator(this.#cluster, group), group, partitions);
    const topicId = printedId(topic.id);
    const ranges: PartitionRange[] = [];
    for (const one of partitions) {
      const key = keyOf(one);
      const partition = { cluster: clusterId, topicId, ...one };
      const own = kept.get(key);
      const position = own !== undefined && own.topicId === topicId ? own.offset : undefined;
      const reached = [position, await landedEnd(partition)].filter((end) => end !== undefined);
      const last = reached.length > 0 ? Math.max(...reached) : (latest.get(key) ?? 0);
      const [asked, first] = [startOf(key), earliest.get(key) ?? 0];
      const end = Math.min(endOf(key), last, latest.get(key) ?? 0);
      const start = Math.max(asked, first);
      const expired = Math.max(0, Math.min(first, endOf(key)) - asked);
      if (start < end || expired > 0)
        ranges.push({ partition, from: start, to: Math.max(start, end), expired });
    }
    return ranges;
  }

  async *batches(): AsyncGenerator<EventBatch> {
    for (const { partition, from, to } of this.#ranges) {
      const { id: uuid = '', leaders = [] } = this.#topic ?? {};
      const place: TopicPartition = partition;
      const range = { ...place, uuid, leader: leaders[partition.partition] ?? -1, from, to };
      let startOffset = from;
      for await (const { events, endOffset } of readRange(this.#cluster, range)) {
        if (this.#isStopped) return;
        yield { partition, events, startOffset, endOffset };
        startOffset = endOffset;
      }
    }
  }

  /** Nothing is kept: what landed is known by its claims. */
  async commit(): Promise<void> {}

  async stop(): Promise<void> {
    this.#isStopped = true;
  }

  async close(): Promise<void> {
    await this.#cluster.close();
  }
}
