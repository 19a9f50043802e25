import { ConfigError } from '../errors.ts';
import {
  currentSchema,
  currentSnapshot,
  type IcebergSchema,
  type Snapshot,
  type SnapshotRef,
  type TableMetadata,
} from './metadata.ts';

/** A point of a table's history. */
export type SnapshotChoice = { readonly snapshotId: number } | { readonly timeMs: number };

/**
 * The snapshot with that id, or the one that readers saw at that time (what was rolled back included);
 * throws ConfigError `NO_SNAPSHOT` naming the oldest and newest there are.
 */
export function snapshotAt(metadata: TableMetadata, choice: SnapshotChoice): Snapshot {
  const id = 'snapshotId' in choice ? choice.snapshotId : currentAt(metadata, choice.timeMs);
  const snapshot = metadata.snapshots.find((one) => one['snapshot-id'] === id);
  if (snapshot === undefined) throw noSnapshot(metadata, choice);
  return snapshot;
}

/** The columns that a snapshot was committed with; those of today where none is named. */
export function schemaAt(metadata: TableMetadata, snapshotId: number | undefined): IcebergSchema {
  const snapshot = metadata.snapshots.find((one) => one['snapshot-id'] === snapshotId);
  const schema = metadata.schemas.find((one) => one['schema-id'] === snapshot?.['schema-id']);
  return schema ?? currentSchema(metadata);
}

function currentAt(metadata: TableMetadata, timeMs: number): number | undefined {
  return metadata['snapshot-log'].findLast((entry) => entry['timestamp-ms'] <= timeMs)?.['snapshot-id'];
}

function noSnapshot(metadata: TableMetadata, choice: SnapshotChoice): ConfigError {
  const wanted =
    'snapshotId' in choice
      ? `no snapshot ${choice.snapshotId}`
      : `no snapshot that was current at ${printTime(choice.timeMs)}`;
  const log = metadata['snapshot-log'];
  const [oldest, newest] = [log[0], log.at(-1)];
  const advice =
    oldest === undefined || newest === undefined
      ? 'It has none yet: run the dataset first.'
      : `The oldest is ${oldest['snapshot-id']} (from ${printTime(oldest['timestamp-ms'])}), the newest ${newest['snapshot-id']} (from ${printTime(newest['timestamp-ms'])}): choose one of these or between them.`;
  return new ConfigError('NO_SNAPSHOT', `The table at ${metadata.location} has ${wanted}. ${advice}`, {
    context: { location: metadata.location, ...choice },
  });
}

function printTime(timeMs: number): string {
  const date = new Date(timeMs);
  return Number.isNaN(date.getTime()) ? `${timeMs} ms` : date.toISOString();
}

/**
 * The table with an earlier snapshot current again. Later snapshots stay and can be returned to; schemas and
 * sequence numbers go on. Throws ConfigError `NO_SNAPSHOT` for an id it doesn't have.
 */
export function rollbackTo(
  metadata: TableMetadata,
  snapshotId: number,
  { nowMs }: { readonly nowMs: number },
): TableMetadata {
  return withCurrent(metadata, snapshotAt(metadata, { snapshotId }), nowMs);
}

/**
 * From when on it is known what readers saw, in milliseconds: snapshots from before were expired. Undefined where
 * that is from the beginning.
 */
export function historyStart(metadata: TableMetadata): number | undefined {
  const first = metadata['snapshot-log'][0];
  if (first === undefined) return undefined;
  const snapshot = metadata.snapshots.find((one) => one['snapshot-id'] === first['snapshot-id']);
  const isFirst = snapshot?.['sequence-number'] === 1 && snapshot['timestamp-ms'] === first['timestamp-ms'];
  return isFirst ? undefined : first['timestamp-ms'];
}

/** The snapshots that were current at a moment or since, by what the table remembers. */
export function currentSince(metadata: TableMetadata, timeMs: number): Set<number> {
  const log = metadata['snapshot-log'];
  const before = log.findLastIndex((entry) => entry['timestamp-ms'] <= timeMs);
  return new Set(log.slice(Math.max(before, 0)).map((entry) => entry['snapshot-id']));
}

/** The table with this snapshot current from `nowMs` on, or from the last change on if the clock went back. */
export function withCurrent(metadata: TableMetadata, snapshot: Snapshot, nowMs: number): TableMetadata {
  const timeMs = Math.max(nowMs, metadata['last-updated-ms']);
  const snapshotId = snapshot['snapshot-id'];
  const main: SnapshotRef = { type: 'branch', 'snapshot-id': snapshotId };
  return {
    ...metadata,
    'last-updated-ms': timeMs,
    'current-snapshot-id': snapshotId,
    refs: { ...metadata.refs, main },
    'snapshot-log': [...metadata['snapshot-log'], { 'timestamp-ms': timeMs, 'snapshot-id': snapshotId }],
  };
}

/** The table with tags on a snapshot, by which every engine finds it and none expires it. */
export function withTags(
  metadata: TableMetadata,
  tags: readonly string[],
  { snapshotId, nowMs }: { readonly snapshotId: number; readonly nowMs: number },
): TableMetadata {
  if (tags.length === 0) return metadata;
  const tag: SnapshotRef = { type: 'tag', 'snapshot-id': snapshotId };
  return {
    ...metadata,
    'last-updated-ms': Math.max(nowMs, metadata['last-updated-ms']),
    refs: { ...metadata.refs, ...Object.fromEntries(tags.map((name) => [name, tag])) },
  };
}

/**
 * The table without the snapshots that are neither kept nor current. Their history goes as well: before the
 * last gap, what readers saw at a time can't be told any more. Files are the caller's to remove, after the commit.
 */
export function expireSnapshots(
  metadata: TableMetadata,
  keepIds: ReadonlySet<number>,
  { nowMs }: { readonly nowMs: number },
): TableMetadata {
  const currentId = currentSnapshot(metadata)?.['snapshot-id'];
  const isKept = (id: number): boolean => id === currentId || keepIds.has(id);
  const log = metadata['snapshot-log'];
  const gap = log.findLastIndex((entry) => !isKept(entry['snapshot-id']));
  return {
    ...metadata,
    'last-updated-ms': Math.max(nowMs, metadata['last-updated-ms']),
    snapshots: metadata.snapshots.filter((snapshot) => isKept(snapshot['snapshot-id'])),
    'snapshot-log': log.slice(gap + 1),
  };
}
