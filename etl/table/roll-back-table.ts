import { putChanged, type TableChange } from './change-table.ts';
import { currentSnapshot } from './metadata.ts';
import type { NextTableState } from './pointer.ts';
import { rollbackTo } from './snapshots.ts';

/** Which snapshot is to be current again. */
export interface TableRollback extends TableChange {
  readonly snapshotId: number;
}

/**
 * Stores metadata in which an earlier (or, after a rollback, a later) snapshot is current, and returns where it is; the
 * state as it was where the snapshot is current already. No reader sees it before a pointer names it. Throws
 * ConfigError `NO_SNAPSHOT` where the table hasn't got it any more.
 */
export async function rollBackTable(rollback: TableRollback): Promise<NextTableState> {
  const { table, state, snapshotId, nowMs } = rollback;
  if (currentSnapshot(table.metadata)?.['snapshot-id'] === snapshotId) return state;
  const changed = await putChanged(rollback, rollbackTo(table.metadata, snapshotId, { nowMs }));
  return { ...changed, snapshot_id: snapshotId };
}
