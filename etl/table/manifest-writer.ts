import { type ManifestEntry, type StagedManifest, stageManifest } from './manifest.ts';
import { currentSchema, currentSpec, type TableMetadata } from './metadata.ts';

/** Stages one more manifest of a commit. */
export type ManifestWriter = (entries: readonly ManifestEntry[]) => Promise<StagedManifest>;

/** The commit that manifests are written for. */
export interface ManifestOrigin {
  readonly base: TableMetadata;
  readonly snapshotId: number;
  readonly keyPrefix: string;
  readonly uuid: string;
  readonly uriOf: (key: string) => string;
}

/** A writer that numbers a commit's manifests: `<uuid>-m0.avro`, `<uuid>-m1.avro`, …. */
export function manifestWriter(origin: ManifestOrigin, sequenceNumber: number): ManifestWriter {
  const { base, snapshotId, keyPrefix, uuid, uriOf } = origin;
  let written = 0;
  return (entries) => {
    const key = `${keyPrefix}/${uuid}-m${written}.avro`;
    written += 1;
    return stageManifest(entries, {
      schema: currentSchema(base),
      spec: currentSpec(base),
      key,
      uri: uriOf(key),
      snapshotId,
      sequenceNumber,
    });
  };
}
