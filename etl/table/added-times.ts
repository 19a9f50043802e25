import { isLive } from './manifest.ts';
import { entriesOf, hasLiveFiles, manifestsOf, type TableReader } from './manifest-reader.ts';
import { currentSnapshot, type TableMetadata } from './metadata.ts';

/** When each live file of a table was added to it, by key; files whose snapshot was expired are missing. */
export async function addedTimes(metadata: TableMetadata, reader: TableReader): Promise<Map<string, number>> {
  const times = new Map(metadata.snapshots.map((one) => [one['snapshot-id'], one['timestamp-ms']]));
  const manifests = (await manifestsOf(currentSnapshot(metadata), reader)).filter(hasLiveFiles);
  const entries = (await Promise.all(manifests.map((manifest) => entriesOf(manifest, reader)))).flat();
  const added = new Map<string, number>();
  for (const entry of entries.filter(isLive)) {
    const atMs = times.get(entry.snapshot_id);
    if (atMs !== undefined) added.set(reader.keyOf(entry.data_file.file_path), atMs);
  }
  return added;
}
