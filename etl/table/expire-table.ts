import { putChanged, type TableChange } from './change-table.ts';
import { namedByRefs } from './kept-snapshots.ts';
import { currentSnapshot } from './metadata.ts';
import type { NextTableState } from './pointer.ts';
import { expireSnapshots } from './snapshots.ts';

/** Which snapshots are kept. */
export interface TableExpiry extends TableChange {
  readonly keep: ReadonlySet<number>;
}

/** Where the table stands afterwards, and the ids of the snapshots that it no longer has, oldest first. */
export interface ExpiredTable {
  readonly state: NextTableState;
  readonly expired: readonly number[];
}

/**
 * Stores metadata without the snapshots that are neither kept nor current, nor named by a tag or a branch; the state as it was where there are none.
 * No reader sees it before a pointer names it. Files are left where they are.
 */
export async function expireTable(expiry: TableExpiry): Promise<ExpiredTable> {
  const { table, state, nowMs } = expiry;
  const { metadata } = table;
  const keep = new Set([...expiry.keep, ...namedByRefs(metadata)]);
  const currentId = currentSnapshot(metadata)?.['snapshot-id'];
  const expired = metadata.snapshots
    .map((snapshot) => snapshot['snapshot-id'])
    .filter((id) => id !== currentId && !keep.has(id));
  if (expired.length === 0) return { state, expired };
  const changed = await putChanged(expiry, expireSnapshots(metadata, keep, { nowMs }));
  return { state: { ...state, ...changed }, expired };
}
