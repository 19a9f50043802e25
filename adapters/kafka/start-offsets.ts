import { keyOf, type TopicPartition } from './assignment.ts';
import type { Cluster } from './cluster.ts';
import type { GroupCoordinator } from './group-coordinator.ts';
import { keptOffsets, offsetsAt } from './group-offsets.ts';

/** Whose offsets, and where they are asked for. */
export interface OffsetsPlace {
  readonly cluster: Cluster;
  readonly coordinator: GroupCoordinator;
  readonly group: string;
}

/**
 * Where the group starts in partitions that it has no offset for, by `topic:partition`. In topics it never read: at the
 * end, or at the start if that is wanted. In a new partition of a topic it reads: at the start, since records may have
 * come before the partition was noticed. The group's leader alone decides, so that members can't disagree.
 */
export async function startsOf(
  { cluster, coordinator, group }: OffsetsPlace,
  counts: ReadonlyMap<string, number>,
  isFromStart: boolean,
): Promise<Record<string, number>> {
  const all: TopicPartition[] = [...counts].flatMap(([topic, count]) =>
    Array.from({ length: count }, (_, partition) => ({ topic, partition })),
  );
  const kept = await keptOffsets(coordinator, group, all);
  const isKept = (one: TopicPartition): boolean => kept.has(keyOf(one));
  const isRead = (topic: string): boolean => all.some((one) => one.topic === topic && isKept(one));
  const missing = all.filter((one) => !isKept(one));
  const atStart = missing.filter(({ topic }) => isFromStart || isRead(topic));
  const { topics } = await cluster.state([...counts.keys()]);
  const [earliest, latest] = await Promise.all([
    offsetsAt(cluster, 'earliest', { topics, partitions: atStart }),
    offsetsAt(cluster, 'latest', { topics, partitions: missing.filter((one) => !atStart.includes(one)) }),
  ]);
  return Object.fromEntries([...earliest, ...latest]);
}
