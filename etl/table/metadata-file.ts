import type { StagedObject } from './manifest.ts';
import { type MetadataLogEntry, printMetadata, type TableMetadata } from './metadata.ts';
import { cutMetadataLog, METADATA_RETENTION } from './metadata-retention.ts';

/** Where the next metadata file goes and what it follows. */
export interface MetadataTarget {
  /** The metadata that this one follows. */
  readonly base: TableMetadata;
  /** Key of the base's file; undefined where the table is new and the base was never stored. */
  readonly baseKey: string | undefined;
  /** Folder, without a trailing slash. */
  readonly keyPrefix: string;
  readonly uuid: string;
  readonly uriOf: (key: string) => string;
  /** The key of a URI that the base's log names. */
  readonly keyOf: (uri: string) => string;
}

/** Metadata with its file, ready to be stored. */
export interface StagedMetadata {
  readonly metadata: TableMetadata;
  readonly metadataKey: string;
  readonly object: StagedObject;
  /** Keys of earlier metadata files that go once the pointer has moved. */
  readonly dropped: readonly string[];
}

/**
 * The file `<N>-<uuid>.metadata.json` for changed metadata, with its base added to metadata-log; N is one
 * more than in the base's name. Readers see it once the caller has stored it and moved the pointer. The log is cut as the
 * table's properties say, which a table that has none yet is given.
 */
export function stageMetadata(
  metadata: TableMetadata,
  { base, baseKey, keyPrefix, uuid, uriOf, keyOf }: MetadataTarget,
): StagedMetadata {
  const entries: readonly MetadataLogEntry[] =
    baseKey === undefined
      ? base['metadata-log']
      : [
          ...base['metadata-log'],
          { 'timestamp-ms': base['last-updated-ms'], 'metadata-file': uriOf(baseKey) },
        ];
  const properties = { ...METADATA_RETENTION, ...metadata.properties };
  const { log, dropped } = cutMetadataLog(entries, { ...metadata, properties });
  const logged = { ...metadata, properties, 'metadata-log': log };
  const metadataKey = `${keyPrefix}/${metadataName(metadataVersion(baseKey) + 1, uuid)}`;
  const object = { key: metadataKey, body: printMetadata(logged) };
  return { metadata: logged, metadataKey, object, dropped: dropped.map(keyOf) };
}

/**
 * The name that Iceberg's own library gives a metadata file (`%05d-%s.metadata.json`, from 0 on); Trino, and so Athena,
 * opens no table whose metadata has a name of another kind.
 */
function metadataName(version: number, uuid: string): string {
  return `${String(version).padStart(5, '0')}-${uuid}.metadata.json`;
}

/** The N of a metadata file's name, which may be from when they were called `v<N>-<uuid>.metadata.json`; -1 where there is none yet. */
export function metadataVersion(key: string | undefined): number {
  return Number(/(?:^|\/)v?(\d+)-[^/]*\.metadata\.json$/.exec(key ?? '')?.[1] ?? -1);
}

/** Whether other engines open a table whose metadata is in a file of this name: the two kinds that Trino takes. */
export function hasPortableName(key: string): boolean {
  return /(?:^|\/)(?:\d+-[-0-9a-fA-F]+|v\d+)\.metadata\.json$/.test(key);
}
