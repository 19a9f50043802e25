import { isLive, type ManifestFile } from './manifest.ts';
import { entriesOf, hasLiveFiles, manifestsOf, type TableReader } from './manifest-reader.ts';
import { currentSnapshot, type Snapshot, type TableMetadata } from './metadata.ts';

/**
 * Keys of the manifest lists, manifests and data files that only these snapshots name, and that can go with them. Reads
 * grow with the snapshots that go, not with those that stay: manifests and files belong to consecutive snapshots, so
 * one that a kept snapshot shares is in a kept neighbour.
 */
export async function filesOnlyIn(
  metadata: TableMetadata,
  gone: ReadonlySet<number>,
  reader: TableReader,
): Promise<string[]> {
  const expired = metadata.snapshots.filter((one) => gone.has(one['snapshot-id']));
  const kept = await manifestsOfAll(neighbours(metadata, gone), reader);
  const own = await manifestsOfAll(expired, reader);
  const dead = [...own.values()].filter(({ manifest_path }) => !kept.has(manifest_path));
  const stillLive = await liveKeys(kept.values(), reader);
  const files = [...(await liveKeys(dead, reader))].filter((key) => !stillLive.has(key));
  const lists = expired.map((one) => reader.keyOf(one['manifest-list']));
  return [...files, ...dead.map(({ manifest_path }) => reader.keyOf(manifest_path)), ...lists];
}

async function manifestsOfAll(
  snapshots: readonly Snapshot[],
  reader: TableReader,
): Promise<Map<string, ManifestFile>> {
  const found = new Map<string, ManifestFile>();
  for (const snapshot of snapshots)
    for (const manifest of await manifestsOf(snapshot, reader)) found.set(manifest.manifest_path, manifest);
  return found;
}

async function liveKeys(manifests: Iterable<ManifestFile>, reader: TableReader): Promise<Set<string>> {
  const keys = new Set<string>();
  for (const manifest of [...manifests].filter(hasLiveFiles))
    for (const entry of (await entriesOf(manifest, reader)).filter(isLive))
      keys.add(reader.keyOf(entry.data_file.file_path));
  return keys;
}

/**
 * The kept snapshots that border on those that go, in the tree of parents; all kept ones where the tree has holes, so
 * that the border is unknown.
 */
function neighbours(metadata: TableMetadata, gone: ReadonlySet<number>): Snapshot[] {
  const byId = new Map(metadata.snapshots.map((one) => [one['snapshot-id'], one]));
  const stays = (one: Snapshot): boolean => !gone.has(one['snapshot-id']);
  const parentOf = (one: Snapshot): Snapshot | undefined => byId.get(one['parent-snapshot-id'] ?? -1);
  const kept = metadata.snapshots.filter(stays);
  const [root, ...others] = kept.filter((one) => {
    const parent = parentOf(one);
    return parent === undefined || !stays(parent);
  });
  if (root === undefined || others.length > 0) return kept;
  // The current snapshot is always checked.
  const found = new Set([root, currentSnapshot(metadata) ?? root]);
  for (const one of metadata.snapshots.filter((snapshot) => !stays(snapshot))) {
    let top = one;
    for (let next = parentOf(top); next !== undefined; next = parentOf(top)) {
      top = next;
      if (stays(top)) break;
    }
    if (stays(top)) found.add(top);
    // Its parent is gone. If that was newer than the root, it may have branched off any kept snapshot.
    else if (top['sequence-number'] > root['sequence-number']) return kept;
  }
  return [...found];
}
