import type { ObjectStore } from '../ports.ts';
import type { MetadataLogEntry, TableMetadata } from './metadata.ts';

/**
 * Iceberg's table properties by which earlier metadata files go after a commit
 * (https://iceberg.apache.org/docs/latest/configuration/#table-behavior-properties).
 */
const ENABLED = 'write.metadata.delete-after-commit.enabled';
const MOST_VERSIONS = 'write.metadata.previous-versions-max';

/** Earlier metadata files to keep: readers open the pointer's file at once. */
const KEPT_VERSIONS = 20;

/** Files that another took the place of so lately stay, however many there are: a reader may be about to open them. */
const GRACE_MS = 10_000;

/** The log's length where a table says that nothing is deleted. */
const LOG_LENGTH = 100;

/** What a table says of its earlier metadata files unless it says otherwise. */
export const METADATA_RETENTION: Readonly<Record<string, string>> = {
  [ENABLED]: 'true',
  [MOST_VERSIONS]: String(KEPT_VERSIONS),
};

/** A metadata-log cut as its table wants it. */
export interface CutLog {
  readonly log: readonly MetadataLogEntry[];
  /** URIs of files that no log names any more, and that go once the pointer has moved. */
  readonly dropped: readonly string[];
}

/**
 * The entries of a metadata-log that stay, newest last. None is dropped to be deleted where the table says so, nor one
 * that another took the place of in the last seconds.
 */
export function cutMetadataLog(
  entries: readonly MetadataLogEntry[],
  { properties, 'last-updated-ms': nowMs }: Pick<TableMetadata, 'properties' | 'last-updated-ms'>,
): CutLog {
  if (properties[ENABLED] !== 'true') return { log: entries.slice(-LOG_LENGTH), dropped: [] };
  const most = Number(properties[MOST_VERSIONS]);
  const kept = Number.isSafeInteger(most) && most >= 1 ? most : KEPT_VERSIONS;
  const supersededMs = (n: number): number => entries[n + 1]?.['timestamp-ms'] ?? nowMs;
  const first = entries.findIndex((_, n) => n >= entries.length - kept || supersededMs(n) > nowMs - GRACE_MS);
  const from = first < 0 ? entries.length : first;
  return {
    log: entries.slice(from),
    dropped: entries.slice(0, from).map((entry) => entry['metadata-file']),
  };
}

/**
 * Removes metadata files that the last commit no longer names. Failures don't matter to the commit: the vacuum removes
 * what is left over.
 */
export async function removeDropped(objects: ObjectStore, keys: readonly string[]): Promise<void> {
  await Promise.allSettled(keys.map((key) => objects.remove(key)));
}
