import { putChanged, type TableChange } from './change-table.ts';
import type { NextTableState } from './pointer.ts';
import { withTags } from './snapshots.ts';

/** Which tag a table's current snapshot gets. */
export interface TableTag extends TableChange {
  readonly tag: string;
}

/** Stores metadata with a tag on the current snapshot, and returns where it is. No reader sees it before a pointer names it. */
export async function tagTable(tagging: TableTag): Promise<NextTableState> {
  const { table, state, tag, nowMs } = tagging;
  const tagged = withTags(table.metadata, [tag], { snapshotId: state.snapshot_id, nowMs });
  return { ...state, ...(await putChanged(tagging, tagged)) };
}
