import type { Topic } from './cluster.ts';
import type { Track } from './open-tracks.ts';

/**
 * Whether topics are no longer as they were when partitions were given: made anew, removed, or with more partitions.
 * `watched` are all topics of the group where this member is its leader, undefined for those that weren't there.
 */
export function hasMoved(
  tracks: readonly Track[],
  watched: ReadonlyMap<string, Topic | undefined>,
  topics: ReadonlyMap<string, Topic>,
): boolean {
  const isOther = tracks.some(({ partition, uuid }) => topics.get(partition.topic)?.id !== uuid);
  const isSame = (before: Topic | undefined, now: Topic | undefined): boolean =>
    before?.id === now?.id && before?.leaders.length === now?.leaders.length;
  return isOther || [...watched].some(([name, before]) => !isSame(before, topics.get(name)));
}

/** Notes who leads each partition now. */
export function leadersOf(tracks: readonly Track[], topics: ReadonlyMap<string, Topic>): void {
  for (const track of tracks) {
    const { topic, partition } = track.partition;
    track.leader = topics.get(topic)?.leaders[partition] ?? -1;
  }
}
