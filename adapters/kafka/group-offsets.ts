import type { listOffsetsV9, offsetCommitV9, offsetFetchV9 } from '@platformatic/kafka';
import { grouped } from '../../etl/privacy/grouped.ts';
import { keyOf, type TopicPartition } from './assignment.ts';
import type { Cluster, Topic } from './cluster.ts';
import type { GroupCoordinator } from './group-coordinator.ts';

/** An offset that a group has kept for a partition. */
export interface KeptOffset {
  readonly offset: number;
  /** What was kept beside it: the topic's id where we kept it, so that a topic made anew is not continued. */
  readonly topicId: string;
}

/** An offset to keep. */
export interface OffsetToKeep extends TopicPartition, KeptOffset {}

/** Offsets that the group has kept, by `topic:partition`. */
export async function keptOffsets(
  coordinator: GroupCoordinator,
  group: string,
  partitions: readonly TopicPartition[],
): Promise<Map<string, KeptOffset>> {
  if (partitions.length === 0) return new Map();
  const topics = [...grouped(partitions, ({ topic }) => topic)].map(([name, own]) => ({
    name,
    partitionIndexes: own.map(({ partition }) => partition),
  }));
  const answer = await coordinator.call<offsetFetchV9.OffsetFetchRequest, offsetFetchV9.OffsetFetchResponse>(
    'OffsetFetch',
    [[{ groupId: group, memberId: null, memberEpoch: -1, topics }], false],
  );
  const kept = new Map<string, KeptOffset>();
  for (const { topics: answered } of answer.groups)
    for (const { name, partitions: own } of answered)
      for (const { partitionIndex, committedOffset, metadata } of own)
        if (committedOffset >= 0n)
          kept.set(keyOf({ topic: name, partition: partitionIndex }), {
            offset: Number(committedOffset),
            topicId: metadata ?? '',
          });
  return kept;
}

/** Who keeps offsets. */
export interface Keeper {
  readonly group: string;
  readonly memberId: string;
  readonly generation: number;
}

/** Keeps offsets for the group. Throws where the member is no longer in the generation that had the partitions. */
export async function keepOffsets(
  coordinator: GroupCoordinator,
  { group, memberId, generation }: Keeper,
  offsets: readonly OffsetToKeep[],
): Promise<void> {
  const topics = [...grouped(offsets, ({ topic }) => topic)].map(([name, own]) => ({
    name,
    partitions: own.map(({ partition, offset, topicId }) => ({
      partitionIndex: partition,
      committedOffset: BigInt(offset),
      committedLeaderEpoch: -1,
      committedMetadata: topicId,
    })),
  }));
  await coordinator.call<offsetCommitV9.OffsetCommitRequest, offsetCommitV9.OffsetCommitResponse>(
    'OffsetCommit',
    [group, generation, memberId, null, topics],
  );
}

/** One end of a partition. `latest` is behind the last record that a read-committed consumer is given now. */
export type End = 'earliest' | 'latest';
/** One end, or the first record of a moment on: -1 where there is none. */
export type OffsetsWanted = End | { readonly atMs: number };
const TIMESTAMPS: Readonly<Record<End, bigint>> = { earliest: -2n, latest: -1n };
const READ_COMMITTED = 1;

/** Offsets at one end of some partitions, or at a moment, by `topic:partition`. Throws where one has no leader at the moment. */
export async function offsetsAt(
  cluster: Cluster,
  wanted: OffsetsWanted,
  { topics, partitions }: { topics: ReadonlyMap<string, Topic>; partitions: readonly TopicPartition[] },
): Promise<Map<string, number>> {
  const leaderOf = ({ topic, partition }: TopicPartition): number =>
    topics.get(topic)?.leaders[partition] ?? -1;
  const found = new Map<string, number>();
  for (const [leader, own] of grouped(partitions, leaderOf)) {
    const request = [...grouped(own, ({ topic }) => topic)].map(([name, ofTopic]) => ({
      name,
      partitions: ofTopic.map(({ partition }) => ({
        partitionIndex: partition,
        currentLeaderEpoch: -1,
        timestamp: typeof wanted === 'string' ? TIMESTAMPS[wanted] : BigInt(wanted.atMs),
      })),
    }));
    const answer = await cluster.call<listOffsetsV9.ListOffsetsRequest, listOffsetsV9.ListOffsetsResponse>(
      leader,
      'ListOffsets',
      [-1, READ_COMMITTED, request],
    );
    for (const { name, partitions: answered } of answer.topics)
      for (const { partitionIndex, offset } of answered)
        found.set(keyOf({ topic: name, partition: partitionIndex }), Number(offset));
  }
  return found;
}
