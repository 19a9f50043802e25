import { fromManifestFile } from './data-file.ts';
import { isLive, type ManifestFile } from './manifest.ts';
import { entriesOf, hasLiveFiles, manifestsOf, type TableReader } from './manifest-reader.ts';
import { currentSchema, currentSnapshot, type Snapshot, type TableMetadata } from './metadata.ts';
import type { DataFile } from './schema.ts';
import { snapshotAt } from './snapshots.ts';

/**
 * The data files of a snapshot (undefined: the current one), ordered by key; none in a table without one.
 * Bounds are text, and those of long strings shortened. Throws ConfigError `NO_SNAPSHOT` for an unknown id.
 */
export async function liveFiles(
  metadata: TableMetadata,
  snapshotId: number | undefined,
  reader: TableReader,
): Promise<DataFile[]> {
  const snapshot =
    snapshotId === undefined ? currentSnapshot(metadata) : snapshotAt(metadata, { snapshotId });
  return filesOf(await manifestsOf(snapshot, reader), metadata, reader);
}

async function filesOf(
  manifests: readonly ManifestFile[],
  metadata: TableMetadata,
  reader: TableReader,
): Promise<DataFile[]> {
  const schema = currentSchema(metadata);
  const entries = await Promise.all(
    manifests.filter(hasLiveFiles).map((manifest) => entriesOf(manifest, reader)),
  );
  return entries
    .flat()
    .filter(isLive)
    .map((entry) =>
      fromManifestFile(entry.data_file, { schema, key: reader.keyOf(entry.data_file.file_path) }),
    )
    .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
}

/** Between which snapshots to compare; `fromId` undefined is the table before its first one. */
export interface SnapshotSpan {
  readonly fromId: number | undefined;
  readonly toId: number;
}

/** The files that are live in one snapshot but not in the other, whatever lies between; each list ordered by key. */
export async function changedFiles(
  metadata: TableMetadata,
  { fromId, toId }: SnapshotSpan,
  reader: TableReader,
): Promise<{ readonly added: DataFile[]; readonly removed: DataFile[] }> {
  const from = await manifestsAt(fromId);
  const to = await manifestsAt(toId);
  // A manifest never changes, so one that both have holds no difference: the usual append reads one manifest.
  const before = await filesOf(without(from, to), metadata, reader);
  const after = await filesOf(without(to, from), metadata, reader);
  return { added: difference(after, before), removed: difference(before, after) };

  function manifestsAt(id: number | undefined): Promise<ManifestFile[]> {
    const snapshot: Snapshot | undefined =
      id === undefined ? undefined : snapshotAt(metadata, { snapshotId: id });
    return manifestsOf(snapshot, reader);
  }
}

function without(manifests: readonly ManifestFile[], others: readonly ManifestFile[]): ManifestFile[] {
  const paths = new Set(others.map((other) => other.manifest_path));
  return manifests.filter((manifest) => !paths.has(manifest.manifest_path));
}

function difference(files: readonly DataFile[], others: readonly DataFile[]): DataFile[] {
  const keys = new Set(others.map((other) => other.key));
  return files.filter((file) => !keys.has(file.key));
}
