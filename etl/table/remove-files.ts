import { ConflictError } from '../errors.ts';
import {
  DELETED,
  EXISTING,
  isLive,
  type ManifestFile,
  type ResolvedEntry,
  type StagedManifest,
} from './manifest.ts';
import { entriesOf, type TableReader } from './manifest-reader.ts';
import type { ManifestWriter } from './manifest-writer.ts';

/** What removing files did to a snapshot's manifests. */
export interface Removal {
  readonly rewritten: readonly StagedManifest[];
  readonly untouched: readonly ManifestFile[];
  /** One for each removed file. */
  readonly removed: readonly ResolvedEntry[];
}

/** Which files go, from which snapshot's manifests. */
export interface RemovalRequest extends TableReader {
  readonly remove?: ReadonlySet<string>;
  readonly snapshotId: number;
}

/**
 * Marks files as DELETED by this snapshot in the manifests that name them; their other files become EXISTING
 * and keep their numbers. Throws ConflictError when a file isn't live in these manifests.
 */
export async function removeFiles(
  manifests: readonly ManifestFile[],
  { remove, snapshotId, ...reader }: RemovalRequest,
  write: ManifestWriter,
): Promise<Removal> {
  if (remove === undefined || remove.size === 0) return { rewritten: [], untouched: manifests, removed: [] };
  const isRemoved = (entry: ResolvedEntry): boolean => remove.has(reader.keyOf(entry.data_file.file_path));
  const read = await Promise.all(
    manifests.map(async (manifest) => {
      const entries = (await entriesOf(manifest, reader)).filter(isLive);
      return { manifest, entries, removed: entries.filter(isRemoved) };
    }),
  );
  const removed = read.flatMap((one) => one.removed);
  checkAllFound(remove, new Set(removed.map((entry) => reader.keyOf(entry.data_file.file_path))));

  const rewritten: StagedManifest[] = [];
  for (const { entries } of read.filter((one) => one.removed.length > 0)) {
    rewritten.push(
      await write(
        entries.map((entry) =>
          isRemoved(entry)
            ? { ...entry, status: DELETED, snapshot_id: snapshotId }
            : { ...entry, status: EXISTING },
        ),
      ),
    );
  }
  const untouched = read.filter((one) => one.removed.length === 0).map((one) => one.manifest);
  return { rewritten, untouched, removed };
}

function checkAllFound(remove: ReadonlySet<string>, found: ReadonlySet<string>): void {
  const missing = [...remove].filter((key) => !found.has(key));
  if (missing.length === 0) return;
  throw new ConflictError(
    'FILE_NOT_LIVE',
    `${missing.length} of ${remove.size} files to remove are not in the table's current snapshot, e.g. ${missing[0]}. Another commit removed them first: read the table again and plan anew.`,
    { context: { key: missing[0], missing: missing.length } },
  );
}
