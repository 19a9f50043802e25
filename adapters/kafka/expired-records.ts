import { keyOf } from './assignment.ts';
import type { Cluster } from './cluster.ts';
import { offsetsAt } from './group-offsets.ts';
import type { Track } from './open-tracks.ts';

/** Where a partition goes on whose position it no longer has, or doesn't have yet. */
export interface Gap {
  readonly from: number;
  readonly to: number;
}

/**
 * Behind records that expired: at the first that is left. Before the position where the log is shorter than it was (a
 * broker lost its end): at the end it has now, which `to` below `from` says.
 */
export async function findGap(cluster: Cluster, { partition, position }: Track): Promise<Gap> {
  const { topics } = await cluster.state([partition.topic]);
  const [earliest, latest] = await Promise.all([
    offsetsAt(cluster, 'earliest', { topics, partitions: [partition] }),
    offsetsAt(cluster, 'latest', { topics, partitions: [partition] }),
  ]);
  const first = earliest.get(keyOf(partition)) ?? position;
  const last = latest.get(keyOf(partition)) ?? position;
  return { from: position, to: position < first ? first : Math.min(position, last) };
}
