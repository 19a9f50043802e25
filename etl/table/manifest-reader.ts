import { type ManifestFile, type ResolvedEntry, readManifest, readManifestList } from './manifest.ts';
import type { Snapshot } from './metadata.ts';

/** Fetches what a table's metadata names. */
export interface TableReader {
  /** The bytes of a stored object. */
  readonly read: (key: string) => Promise<Uint8Array>;
  /** The key of an absolute URI that this lake wrote. */
  readonly keyOf: (uri: string) => string;
}

/** The manifests of a snapshot; none where there is no snapshot. */
export async function manifestsOf(
  snapshot: Snapshot | undefined,
  { read, keyOf }: TableReader,
): Promise<ManifestFile[]> {
  if (snapshot === undefined) return [];
  const uri = snapshot['manifest-list'];
  return readManifestList(await read(keyOf(uri)), uri);
}

/** The entries of one manifest. */
export async function entriesOf(
  manifest: ManifestFile,
  { read, keyOf }: TableReader,
): Promise<ResolvedEntry[]> {
  return readManifest(manifest, await read(keyOf(manifest.manifest_path)));
}

/** Whether a manifest names any file that is part of the table. */
export function hasLiveFiles(manifest: ManifestFile): boolean {
  return manifest.added_files_count + manifest.existing_files_count > 0;
}
