import type { ManifestEntry, ManifestFile } from './manifest.ts';
import type { Snapshot } from './metadata.ts';

/** What one commit does to a table's files. */
export interface TableChange {
  readonly operation: 'append' | 'delete' | 'overwrite' | 'replace';
  readonly added: readonly ManifestEntry[];
  readonly removed: readonly ManifestEntry[];
  /** All manifests of the new snapshot. */
  readonly manifests: readonly ManifestFile[];
  readonly parent: Snapshot | undefined;
}

/** Iceberg's summary of a snapshot: https://iceberg.apache.org/spec/#optional-snapshot-summary-fields. */
export function snapshotSummary(change: TableChange): Record<string, string> {
  const [added, removed] = [totalOf(change.added), totalOf(change.removed)];
  const totals = {
    ...changeMembers('added', added),
    ...changeMembers('deleted', removed),
    'changed-partition-count': partitionsOf([...change.added, ...change.removed]),
    'total-records': sum(change.manifests, (one) => one.added_rows_count + one.existing_rows_count),
    'total-files-size':
      Number(change.parent?.summary['total-files-size'] ?? 0) + added.sizeBytes - removed.sizeBytes,
    'total-data-files': sum(change.manifests, (one) => one.added_files_count + one.existing_files_count),
    'total-delete-files': 0,
    'total-position-deletes': 0,
    'total-equality-deletes': 0,
  };
  const texts = Object.entries(totals).map(([name, value]) => [name, String(value)]);
  return { operation: change.operation, ...Object.fromEntries(texts) };
}

interface Total {
  readonly files: number;
  readonly records: number;
  readonly sizeBytes: number;
}

function totalOf(entries: readonly ManifestEntry[]): Total {
  return {
    files: entries.length,
    records: sum(entries, (entry) => entry.data_file.record_count),
    sizeBytes: sum(entries, (entry) => entry.data_file.file_size_in_bytes),
  };
}

function changeMembers(verb: 'added' | 'deleted', { files, records, sizeBytes }: Total) {
  if (files === 0) return {};
  const size = verb === 'added' ? 'added-files-size' : 'removed-files-size';
  return { [`${verb}-data-files`]: files, [`${verb}-records`]: records, [size]: sizeBytes };
}

function partitionsOf(entries: readonly ManifestEntry[]): number {
  return new Set(entries.map((entry) => JSON.stringify(Object.values(entry.data_file.partition)))).size;
}

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}
