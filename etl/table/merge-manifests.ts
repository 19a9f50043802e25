import { EXISTING, isLive, type ManifestFile, type StagedManifest } from './manifest.ts';
import { entriesOf, type TableReader } from './manifest-reader.ts';
import type { ManifestWriter } from './manifest-writer.ts';

/** So many small manifests are merged: whoever reads a table reads each, and a merge rewrites little. */
export const MAX_SMALL_MANIFESTS = 16;

/** Below this a manifest is small: some forty thousand files of twenty columns fit in (about 100 bytes each, measured). */
const SMALL_BYTES = 4 * 1024 * 1024;

/** What merging did to a snapshot's manifests. */
export interface Merge {
  readonly merged: readonly StagedManifest[];
  readonly untouched: readonly ManifestFile[];
}

/**
 * Merges a snapshot's small manifests once another one would make them too many; every file keeps its
 * snapshot and sequence numbers. A table then has at most MAX_SMALL_MANIFESTS manifests and one for each
 * SMALL_BYTES, and a commit rewrites none but small ones, and those once in many commits.
 */
export async function mergeManifests(
  manifests: readonly ManifestFile[],
  reader: TableReader,
  write: ManifestWriter,
): Promise<Merge> {
  const groups = mergeGroups(manifests);
  const merged: StagedManifest[] = [];
  for (const group of groups) {
    const entries = await Promise.all(group.map((manifest) => entriesOf(manifest, reader)));
    const live = entries.flat().filter(isLive);
    merged.push(await write(live.map((entry) => ({ ...entry, status: EXISTING }))));
  }
  const gone = new Set(groups.flat());
  return { merged, untouched: manifests.filter((manifest) => !gone.has(manifest)) };
}

/** Small manifests in groups that each make one that is no longer small, the last excepted. */
function mergeGroups(manifests: readonly ManifestFile[]): ManifestFile[][] {
  const small = manifests.filter((manifest) => manifest.manifest_length < SMALL_BYTES);
  if (small.length < MAX_SMALL_MANIFESTS) return [];
  const groups: ManifestFile[][] = [];
  let sizeBytes = SMALL_BYTES;
  for (const manifest of small) {
    if (sizeBytes >= SMALL_BYTES) {
      groups.push([]);
      sizeBytes = 0;
    }
    groups.at(-1)?.push(manifest);
    sizeBytes += manifest.manifest_length;
  }
  return groups.filter((group) => group.length > 1);
}
