import type { Engine } from '../engine/engine.ts';
import { identifier } from '../engine/sql.ts';
import { tableRowsSql } from '../engine/table-rows.ts';
import type { EventContract } from '../eventstore/event-order.ts';
import type { Effects } from '../ports.ts';
import { filesOf, type LakeTable } from '../table/lake-table.ts';
import { changedFiles } from '../table/live-files.ts';
import { rowSpans } from '../table/row-spans.ts';
import type { DataFile } from '../table/schema.ts';
import { eventColumns } from './event-values.ts';

/** An event store, the snapshot to fold, and that which was folded last. */
export interface EventStore {
  readonly table: LakeTable;
  readonly source: EventContract;
  readonly snapshotId: number;
  readonly lastSnapshotId: number;
}

/**
 * Makes the tables `new_events` and `gone_events`: rows of Silver, by the values of their own columns, that came and went
 * between two snapshots. Rows that were moved to other files are neither.
 */
export async function changedEvents(
  engine: Engine,
  effects: Pick<Effects, 'data'>,
  { table, source, snapshotId, lastSnapshotId }: EventStore,
): Promise<void> {
  const added: DataFile[] = [];
  const removed: DataFile[] = [];
  for (const span of rowSpans(table.metadata, { fromId: lastSnapshotId, toId: snapshotId })) {
    const changed = await changedFiles(table.metadata, span, table.reader);
    added.push(...changed.added);
    removed.push(...changed.removed);
  }
  const columns = eventColumns(source).map(({ name }) => identifier(name));
  const rowsOf = async (files: readonly DataFile[]): Promise<string> =>
    `SELECT ${columns.join(', ')} FROM (${tableRowsSql(table, await localPaths(effects, files))})`;
  const [came, went] = [await rowsOf(added), await rowsOf(removed)];
  // A file that is written anew holds most of its rows still.
  const news = removed.length === 0 ? came : `(${came}) EXCEPT ALL (${went})`;
  const gone = added.length === 0 ? went : `(${went}) EXCEPT ALL (${came})`;
  await engine.run(`CREATE OR REPLACE TEMP TABLE new_events AS ${news}`);
  await engine.run(
    `CREATE OR REPLACE TEMP TABLE gone_events AS ${removed.length === 0 ? `${went} LIMIT 0` : gone}`,
  );
}

/** SELECT of all events of a snapshot. */
export async function allEvents(
  effects: Pick<Effects, 'data'>,
  { table, source, snapshotId }: Pick<EventStore, 'table' | 'source' | 'snapshotId'>,
): Promise<string> {
  const columns = eventColumns(source).map(({ name }) => identifier(name));
  const files = await filesOf(table, snapshotId);
  return `SELECT ${columns.join(', ')} FROM (${tableRowsSql(table, await localPaths(effects, files))})`;
}

/** Paths under which the engine can read files. */
export const localPaths = ({ data }: Pick<Effects, 'data'>, files: readonly DataFile[]): Promise<string[]> =>
  Promise.all(files.map(({ key }) => data.localPath(key)));
