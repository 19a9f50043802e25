import { ConflictError, DataError } from '../errors.ts';
import { toManifestFile } from './data-file.ts';
import { ADDED, type ManifestEntry, type StagedObject } from './manifest.ts';
import { stageManifestList } from './manifest-list.ts';
import { hasLiveFiles, manifestsOf, type TableReader } from './manifest-reader.ts';
import { manifestWriter } from './manifest-writer.ts';
import { mergeManifests } from './merge-manifests.ts';
import {
  currentSchema,
  currentSnapshot,
  currentSpec,
  type Snapshot,
  type TableMetadata,
} from './metadata.ts';
import { stageMetadata } from './metadata-file.ts';
import { removeFiles } from './remove-files.ts';
import type { DataFile } from './schema.ts';
import { snapshotSummary, type TableChange } from './snapshot-summary.ts';
import { withCurrent, withTags } from './snapshots.ts';

/** One change of a table's files. */
export interface Commit extends TableReader {
  /** The table as the caller read it, or as `createTable` or `evolveSchema` made it. */
  readonly base: TableMetadata;
  /** Key of the file that the base was read from; undefined for a new table. */
  readonly baseKey: string | undefined;
  readonly add: readonly DataFile[];
  /** Keys of live files to remove. */
  readonly remove?: ReadonlySet<string>;
  /** `replace` says that the same records lie in other files now (compaction). */
  readonly operation?: 'replace';
  /** Positive, below 2^53, new to the table. */
  readonly snapshotId: number;
  readonly nowMs: number;
  /** Goes into the snapshot's summary beside Iceberg's own members, which win. */
  readonly summary: Readonly<Record<string, string>>;
  /** Folder for metadata, e.g. `silver/spend/council_payments/metadata`. */
  readonly keyPrefix: string;
  /** Names that the new snapshot gets for good. */
  readonly tags?: readonly string[];
  /** Goes into the names of all new objects: a new one for each attempt. */
  readonly uuid: string;
  readonly uriOf: (key: string) => string;
}

/** A commit that only needs its objects stored and the pointer moved. */
export interface StagedCommit {
  readonly metadata: TableMetadata;
  readonly metadataKey: string;
  /** What must be stored before the pointer moves to `metadataKey`; each names only objects before it. */
  readonly objects: readonly StagedObject[];
  /** Keys of earlier metadata files that go once the pointer has moved. */
  readonly dropped: readonly string[];
}

/**
 * The next snapshot of a table. Adding alone reads the manifest list and writes one manifest; removing also
 * reads the manifests and rewrites those that name a removed file; too many small manifests are merged.
 * The same input gives the same bytes. Throws ConflictError when a file to remove isn't live or the snapshot
 * id is taken, DataError when a file contradicts the table.
 */
export async function commitFiles(commit: Commit): Promise<StagedCommit> {
  checkCommit(commit);
  const parent = currentSnapshot(commit.base);
  const sequenceNumber = commit.base['last-sequence-number'] + 1;
  const write = manifestWriter(commit, sequenceNumber);

  const before = (await manifestsOf(parent, commit)).filter(hasLiveFiles);
  const added = commit.add.map((file) => addedEntry(file, commit));
  const addition = added.length > 0 ? [await write(added)] : [];
  const { rewritten, untouched, removed } = await removeFiles(before, commit, write);
  const { merged, untouched: kept } = await mergeManifests(untouched, commit, write);
  const staged = [...addition, ...rewritten, ...merged];
  const manifests = [...staged.map((one) => one.file), ...kept];

  const list = await stageManifestList(manifests, {
    key: `${commit.keyPrefix}/snap-${commit.snapshotId}-1-${commit.uuid}.avro`,
    snapshotId: commit.snapshotId,
    parentId: parent?.['snapshot-id'],
    sequenceNumber,
  });
  const change = { operation: operationOf(commit), added, removed, manifests, parent };
  checkReplace(change);
  const next = withSnapshot(commit, { change, sequenceNumber, listUri: commit.uriOf(list.key) });
  const { metadata, metadataKey, object, dropped } = stageMetadata(next, commit);
  return { metadata, metadataKey, objects: [...staged.map((one) => one.object), list, object], dropped };
}

function addedEntry(file: DataFile, { base, snapshotId, uriOf }: Commit): ManifestEntry {
  const shape = { schema: currentSchema(base), spec: currentSpec(base), uri: uriOf(file.key) };
  return {
    status: ADDED,
    snapshot_id: snapshotId,
    sequence_number: null,
    file_sequence_number: null,
    data_file: toManifestFile(file, shape),
  };
}

function operationOf({ add, remove, operation }: Commit): TableChange['operation'] {
  if (operation !== undefined) return operation;
  if (remove === undefined || remove.size === 0) return 'append';
  return add.length === 0 ? 'delete' : 'overwrite';
}

interface NewSnapshot {
  readonly change: TableChange;
  readonly sequenceNumber: number;
  readonly listUri: string;
}

function withSnapshot(commit: Commit, { change, sequenceNumber, listUri }: NewSnapshot): TableMetadata {
  const { base, nowMs, snapshotId, summary, tags = [] } = commit;
  const snapshot: Snapshot = {
    'snapshot-id': snapshotId,
    ...(change.parent === undefined ? {} : { 'parent-snapshot-id': change.parent['snapshot-id'] }),
    'sequence-number': sequenceNumber,
    'timestamp-ms': Math.max(nowMs, base['last-updated-ms']),
    'manifest-list': listUri,
    summary: { ...summary, ...snapshotSummary(change) },
    'schema-id': base['current-schema-id'],
  };
  const grown = {
    ...base,
    'last-sequence-number': sequenceNumber,
    snapshots: [...base.snapshots, snapshot],
  };
  return withTags(withCurrent(grown, snapshot, nowMs), tags, { snapshotId, nowMs });
}

function checkCommit({ base, add, remove, snapshotId }: Commit): void {
  if (!Number.isSafeInteger(snapshotId) || snapshotId <= 0) {
    throw invalid(`snapshot id ${snapshotId} is not a positive integer below 2^53`);
  }
  if (base.snapshots.some((snapshot) => snapshot['snapshot-id'] === snapshotId)) {
    throw new ConflictError(
      'SNAPSHOT_EXISTS',
      `Snapshot ${snapshotId} is in the table at ${base.location} already: the commit went through before, or the id was not random. Read the table again.`,
      { context: { location: base.location, snapshotId } },
    );
  }
  const seen = new Set(remove);
  for (const { key } of add) {
    if (seen.has(key)) throw invalid(`${key} is added twice, or added and removed at once`);
    seen.add(key);
  }
}

function checkReplace({ operation, added, removed }: TableChange): void {
  if (operation !== 'replace') return;
  const [before, after] = [removed, added].map((entries) =>
    entries.reduce((total, entry) => total + entry.data_file.record_count, 0),
  );
  if (before !== after) throw invalid(`a replacement holds ${after} records, what it replaces ${before}`);
}

function invalid(why: string): DataError {
  return new DataError('COMMIT_INVALID', `This change can't be committed: ${why}. Plan the change again.`);
}
