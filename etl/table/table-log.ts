import type { TableMetadata } from './metadata.ts';

/** A committed state of a table, as it is remembered when its files are gone. */
export interface LoggedSnapshot {
  readonly snapshotId: number;
  /** The snapshot that it was built on; absent for the first, and where that is not known. */
  readonly parentId?: number | undefined;
  readonly atMs: number;
  readonly summary: Readonly<Record<string, string>>;
}

/** The past of a table: which snapshots there were, and which was current from when on. */
export interface TableLog {
  /** Oldest first. */
  readonly snapshots: readonly LoggedSnapshot[];
  /** Oldest first; a rollback appears as the snapshot that is current again. */
  readonly entries: readonly { readonly atMs: number; readonly snapshotId: number }[];
}

const OWN = 'assay.';

/** What a table's metadata knows of its past; of summaries only what Assay wrote. */
export function logOf(metadata: TableMetadata): TableLog {
  return {
    snapshots: metadata.snapshots.map((one) => ({
      snapshotId: one['snapshot-id'],
      ...(one['parent-snapshot-id'] === undefined ? {} : { parentId: one['parent-snapshot-id'] }),
      atMs: one['timestamp-ms'],
      summary: Object.fromEntries(Object.entries(one.summary).filter(([name]) => name.startsWith(OWN))),
    })),
    entries: metadata['snapshot-log'].map((one) => ({
      atMs: one['timestamp-ms'],
      snapshotId: one['snapshot-id'],
    })),
  };
}

/** What a log loses when some snapshots are expired: them, and every change until the last that one of them was part of. */
export function lostFrom(log: TableLog, gone: ReadonlySet<number>): TableLog {
  const last = log.entries.findLastIndex(({ snapshotId }) => gone.has(snapshotId));
  return {
    snapshots: log.snapshots.filter(({ snapshotId }) => gone.has(snapshotId)),
    entries: log.entries.slice(0, last + 1),
  };
}

/** Logs of one table as one: each snapshot and each change of the current one once; of two words on a snapshot the first counts. */
export function joinLogs(logs: readonly TableLog[]): TableLog {
  const snapshots = new Map<number, LoggedSnapshot>();
  const entries = new Map<string, TableLog['entries'][number]>();
  for (const log of logs) {
    for (const one of log.snapshots) if (!snapshots.has(one.snapshotId)) snapshots.set(one.snapshotId, one);
    for (const one of log.entries) entries.set(`${one.atMs} ${one.snapshotId}`, one);
  }
  return {
    snapshots: [...snapshots.values()].sort((a, b) => a.atMs - b.atMs),
    entries: [...entries.values()].sort((a, b) => a.atMs - b.atMs),
  };
}

/** The snapshot that readers saw at a time; undefined before the first. */
export function loggedAt(log: TableLog, timeMs: number): LoggedSnapshot | undefined {
  const entry = log.entries.findLast(({ atMs }) => atMs <= timeMs);
  return log.snapshots.find(({ snapshotId }) => snapshotId === entry?.snapshotId);
}

/**
 * A snapshot and those that it was built on, oldest first: what was taken back before it is not among them. Undefined
 * where one of them is no longer known.
 */
export function lineOf(log: TableLog, snapshotId: number): LoggedSnapshot[] | undefined {
  const byId = new Map(log.snapshots.map((one) => [one.snapshotId, one]));
  const line: LoggedSnapshot[] = [];
  for (let id: number | undefined = snapshotId; id !== undefined; ) {
    const one = byId.get(id);
    if (one === undefined) return undefined;
    line.unshift(one);
    id = one.parentId;
  }
  return line;
}
