import type { SnapshotSpan } from './live-files.ts';
import type { Snapshot, TableMetadata } from './metadata.ts';

/**
 * Spans of snapshots whose differences are those of the rows between two snapshots: steps that only moved rows to other
 * files (`replace`, compaction) are left out. The whole span where one doesn't follow from the other, and from before
 * the first snapshot where the earlier one is no longer there. None where both hold the same rows.
 */
export function rowSpans(metadata: TableMetadata, { fromId, toId }: SnapshotSpan): SnapshotSpan[] {
  const byId = new Map(metadata.snapshots.map((snapshot) => [snapshot['snapshot-id'], snapshot]));
  if (fromId === undefined) return [{ fromId, toId }];
  const wanted = sameRowsAs(fromId, byId);
  const path = ancestry(toId, byId);
  const start = path.findIndex((snapshot) => sameRowsAs(snapshot['snapshot-id'], byId) === wanted);
  if (start < 0) return [{ fromId: byId.has(fromId) ? fromId : undefined, toId }];
  const spans: SnapshotSpan[] = [];
  let [from, last] = [path[start], path[start]];
  for (const snapshot of path.slice(0, start).reverse()) {
    if (isReplace(snapshot)) {
      spans.push(...spanOf(from, last));
      from = snapshot;
    }
    last = snapshot;
  }
  return [...spans, ...spanOf(from, last)];
}

const isReplace = ({ summary }: Snapshot): boolean => summary.operation === 'replace';

function spanOf(from: Snapshot | undefined, to: Snapshot | undefined): SnapshotSpan[] {
  if (from === undefined || to === undefined || from === to) return [];
  return [{ fromId: from['snapshot-id'], toId: to['snapshot-id'] }];
}

/** The snapshot and those it was built on, newest first, as far as they are there. */
function ancestry(id: number, byId: ReadonlyMap<number, Snapshot>): Snapshot[] {
  const path: Snapshot[] = [];
  for (let at = byId.get(id); at !== undefined; at = byId.get(at['parent-snapshot-id'] ?? -1)) path.push(at);
  return path;
}

/** Id of the first snapshot with the same rows: past every replacement, also of one that is no longer there. */
function sameRowsAs(id: number, byId: ReadonlyMap<number, Snapshot>): number {
  const snapshot = byId.get(id);
  const parent = snapshot?.['parent-snapshot-id'];
  return snapshot === undefined || parent === undefined || !isReplace(snapshot)
    ? id
    : sameRowsAs(parent, byId);
}
