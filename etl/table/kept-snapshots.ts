import type { TableMetadata } from './metadata.ts';
import { currentSince } from './snapshots.ts';

/** Which states of a table stay. */
export interface Kept {
  /** What was current at this moment or since. */
  readonly sinceMs: number;
  /** So many of the newest, however old they are. */
  readonly atLeast: number;
  /** No more than so many of the newest. */
  readonly atMost: number;
}

/** Ids of the snapshots that stay by what readers saw, newest first: one that was rolled back to counts by its last time. */
export function keptSnapshots(metadata: TableMetadata, { sinceMs, atLeast, atMost }: Kept): number[] {
  const recent = currentSince(metadata, sinceMs);
  const seen = metadata['snapshot-log'].map((entry) => entry['snapshot-id']).reverse();
  return [...new Set(seen)].filter((id, n) => n < atMost && (n < atLeast || recent.has(id)));
}

/** Ids of the snapshots that tags and branches name; other engines make them. */
export function namedByRefs(metadata: TableMetadata): number[] {
  return Object.values(metadata.refs).map((ref) => ref['snapshot-id']);
}
