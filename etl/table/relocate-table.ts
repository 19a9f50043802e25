import type { ObjectStore } from '../ports.ts';
import { uuidOf } from './ids.ts';
import { type LakeTable, locatedTable } from './lake-table.ts';
import { type ManifestFile, type StagedManifest, stageManifest } from './manifest.ts';
import { stageManifestList } from './manifest-list.ts';
import { entriesOf, manifestsOf } from './manifest-reader.ts';
import { currentSchema, currentSpec, type Snapshot } from './metadata.ts';

/** Which table's metadata is to name its files where they lie now. */
export interface TableRelocation {
  readonly objects: ObjectStore;
  readonly table: LakeTable;
  /** Folder for metadata. */
  readonly keyPrefix: string;
  /** Names this attempt: the names of new objects follow from it. */
  readonly attempt: string;
}

/** Whether a table's metadata names another place than the one where it lies: the lake was copied or moved. */
export function isElsewhere(
  objects: ObjectStore,
  { root, metadata }: Pick<LakeTable, 'root' | 'metadata'>,
): boolean {
  return metadata.location !== objects.uri(root);
}

/**
 * The table with metadata that names every file of every snapshot where it lies now. Manifests and their lists are stored
 * anew under new names, one manifest in memory at a time; the metadata itself is for the caller to store. Snapshots keep
 * their ids, times and rows.
 */
export async function relocateTable(relocation: TableRelocation): Promise<LakeTable> {
  const { objects, table } = relocation;
  const { root, metadata, reader } = table;
  const location = objects.uri(root);
  const hereOf = (uri: string): string => {
    const key = reader.keyOf(uri);
    return key === uri ? uri : `${location}${key.slice(root.length)}`;
  };
  const work = { ...relocation, hereOf, uuid: uuidOf(`${relocation.attempt}:place`), moved: new Map() };
  const snapshots: Snapshot[] = [];
  for (const snapshot of metadata.snapshots) snapshots.push(await relocateSnapshot(work, snapshot));
  const log = metadata['metadata-log'].map((one) => ({
    ...one,
    'metadata-file': hereOf(one['metadata-file']),
  }));
  return locatedTable(objects, {
    ...table,
    metadata: { ...metadata, location, snapshots, 'metadata-log': log },
  });
}

interface Work extends TableRelocation {
  /** An address of the old place as it is now. */
  readonly hereOf: (uri: string) => string;
  readonly uuid: string;
  /** The manifests that were written already, by their old address: snapshots share most of theirs. */
  readonly moved: Map<string, ManifestFile>;
}

async function relocateSnapshot(work: Work, snapshot: Snapshot): Promise<Snapshot> {
  const { objects, table, keyPrefix, uuid, hereOf } = work;
  const manifests: ManifestFile[] = [];
  for (const manifest of await manifestsOf(snapshot, table.reader))
    manifests.push(await relocateManifest(work, manifest));
  const snapshotId = snapshot['snapshot-id'];
  const list = await stageManifestList(manifests, {
    key: `${keyPrefix}/snap-${snapshotId}-1-${uuid}.avro`,
    snapshotId,
    parentId: snapshot['parent-snapshot-id'],
    sequenceNumber: snapshot['sequence-number'],
  });
  await objects.put(list.key, list.body);
  return {
    ...snapshot,
    'manifest-list': hereOf(`${table.metadata.location}${list.key.slice(table.root.length)}`),
  };
}

async function relocateManifest(work: Work, manifest: ManifestFile): Promise<ManifestFile> {
  const known = work.moved.get(manifest.manifest_path);
  if (known !== undefined) return known;
  const { object, file } = await stageHere(work, manifest);
  await work.objects.put(object.key, object.body);
  work.moved.set(manifest.manifest_path, file);
  return file;
}

/** The same entries at their new addresses, with the numbers that they have: nothing is inherited anew. */
async function stageHere(work: Work, manifest: ManifestFile): Promise<StagedManifest> {
  const { table, keyPrefix, uuid, moved, hereOf } = work;
  const entries = await entriesOf(manifest, table.reader);
  const key = `${keyPrefix}/${uuid}-m${moved.size}.avro`;
  const here = entries.map((entry) => ({
    ...entry,
    data_file: { ...entry.data_file, file_path: hereOf(entry.data_file.file_path) },
  }));
  return await stageManifest(here, {
    schema: currentSchema(table.metadata),
    spec: currentSpec(table.metadata),
    key,
    uri: hereOf(`${table.metadata.location}${key.slice(table.root.length)}`),
    snapshotId: manifest.added_snapshot_id,
    sequenceNumber: manifest.sequence_number,
  });
}
