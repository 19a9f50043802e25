import type { Partition } from '../../stream/event.ts';
import type { EventBatch } from '../../stream/ports.ts';
import { type Assignment, keyOf, type TopicPartition } from './assignment.ts';
import { pause } from './backoff.ts';
import type { Cluster, ClusterState, Topic } from './cluster.ts';
import { type KeptOffset, keptOffsets, type OffsetToKeep, offsetsAt } from './group-offsets.ts';
import type { OffsetsPlace } from './start-offsets.ts';

/** How far a partition is read. */
export interface Track {
  readonly partition: Partition;
  /** The topic's id as requests have it; `partition.topicId` is the same as Kafka's tools print it. */
  readonly uuid: string;
  leader: number;
  /** What is fetched next. */
  position: number;
  /** The end of what was handed out. */
  given: number;
  /** What the group has kept. */
  kept: number;
  waiting: EventBatch | undefined;
  waitingBytes: number;
  highWatermark: number | undefined;
  /** When its broker answered with records last, and before which time it isn't asked again; milliseconds since 1970. */
  answeredAt: number;
  notBefore: number;
}

/** Tracks of what a member was given, and the positions that the group hasn't kept yet. */
export interface OpenedTracks {
  readonly tracks: readonly Track[];
  readonly unkept: readonly OffsetToKeep[];
}

/** Where each partition goes on: at the kept offset; at the start where the topic was made anew since; else where the group's leader said. */
export async function openTracks(
  place: OffsetsPlace,
  { partitions, starts }: Assignment,
): Promise<OpenedTracks> {
  const { cluster, coordinator, group } = place;
  const { clusterId, topics } = await stateOf(cluster, partitions);
  const present = partitions.filter((one) => isThere(topics, one));
  const kept = await keptOffsets(coordinator, group, present);
  const idOf = (topic: string): string => printedId(topics.get(topic)?.id ?? '');
  const validOf = (key: string, topic: string): KeptOffset | undefined => {
    const found = kept.get(key);
    const isOther = found !== undefined && PRINTED_ID.test(found.topicId) && found.topicId !== idOf(topic);
    return isOther ? undefined : found;
  };
  const isKnown = (key: string, topic: string): boolean =>
    validOf(key, topic) !== undefined || (kept.get(key) === undefined && starts[key] !== undefined);
  const unknown = present.filter((one) => !isKnown(keyOf(one), one.topic));
  const earliest = await offsetsAt(cluster, 'earliest', { topics, partitions: unknown });
  const tracks = present.map(({ topic, partition }) => {
    const key = keyOf({ topic, partition });
    const offset = validOf(key, topic)?.offset ?? earliest.get(key) ?? starts[key] ?? 0;
    const found = topics.get(topic);
    return trackAt(
      { cluster: clusterId, topic, topicId: idOf(topic), partition },
      { uuid: found?.id ?? '', leader: found?.leaders[partition] ?? -1, offset },
    );
  });
  const unkept = tracks.filter(({ partition }) => validOf(keyOf(partition), partition.topic) === undefined);
  return { tracks, unkept: unkept.map(({ partition, position }) => ({ ...partition, offset: position })) };
}

const isThere = (topics: ReadonlyMap<string, Topic>, { topic, partition }: TopicPartition): boolean =>
  topics.get(topic)?.leaders[partition] !== undefined;

/** Brokers hear of new partitions one after the other: the leader of the group may have given one that this broker doesn't know yet. */
async function stateOf(cluster: Cluster, partitions: readonly TopicPartition[]): Promise<ClusterState> {
  const names = [...new Set(partitions.map(({ topic }) => topic))];
  for (let attempt = 1; ; attempt++) {
    const state = await cluster.state(names);
    const isWhole = partitions.every((one) => !state.topics.has(one.topic) || isThere(state.topics, one));
    if (isWhole || attempt > 10) return state;
    await pause({ firstMs: 100, mostMs: 500 }, attempt);
  }
}

function trackAt(
  partition: Partition,
  { uuid, leader, offset }: { uuid: string; leader: number; offset: number },
): Track {
  const none = { waiting: undefined, waitingBytes: 0, highWatermark: undefined, answeredAt: 0, notBefore: 0 };
  return { partition, uuid, leader, position: offset, given: offset, kept: offset, ...none };
}

/** What other tools write beside an offset is no id of a topic. */
const PRINTED_ID = /^[\w-]{22}$/;

/** A UUID as Kafka's tools print it: 22 characters of base64url. */
export const printedId = (uuid: string): string =>
  Buffer.from(uuid.replaceAll('-', ''), 'hex').toString('base64url');
