import { encodeAvro } from './avro.ts';
import type { ManifestFile, StagedObject } from './manifest.ts';
import { manifestListSchema } from './manifest-schema.ts';

/** Which snapshot a manifest list belongs to. */
export interface ManifestListTarget {
  readonly key: string;
  readonly snapshotId: number;
  readonly parentId: number | undefined;
  readonly sequenceNumber: number;
}

/** A manifest list with these lines. */
export async function stageManifestList(
  files: readonly ManifestFile[],
  { key, snapshotId, parentId, sequenceNumber }: ManifestListTarget,
): Promise<StagedObject> {
  const body = encodeAvro({
    schema: manifestListSchema,
    records: files,
    metadata: {
      'snapshot-id': String(snapshotId),
      'parent-snapshot-id': String(parentId ?? 'null'),
      'sequence-number': String(sequenceNumber),
      'format-version': '2',
    },
    seed: key,
  });
  return { key, body };
}
