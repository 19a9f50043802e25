import { chunkKey, chunkResultPrefix } from '../naming/runs.ts';
import type { ObjectInfo, ObjectStore } from '../ports.ts';
import type { ChunkResult, Plan } from '../stages/documents.ts';

/** Where a run's Silver files and its chunks' documents lie. */
interface ChunksOf {
  readonly objects: ObjectStore;
  readonly plan: Pick<Plan, 'dataset' | 'runId'>;
  /** Folder of the run's Silver files. */
  readonly root: string;
}

/**
 * Those of a run's chunks with a Silver file that is gone, has another size than refine wrote, or was written after the
 * chunk's document, by the store's own clock: what refine read back of them may no longer be so.
 */
export async function changedChunks(
  chunks: readonly ChunkResult[],
  { objects, plan, root }: ChunksOf,
): Promise<Set<ChunkResult>> {
  const { dataset, runId } = plan;
  const files = byKey(await objects.list(`${root}/`));
  const documents = byKey(await objects.list(chunkResultPrefix(dataset, runId)));
  const isAsWritten = (chunk: ChunkResult): boolean => {
    const writtenMs = documents.get(chunkKey(dataset, runId, chunk.chunk))?.modifiedMs ?? 0;
    return [...chunk.dataFiles, ...chunk.suspectFiles].every(({ key, sizeBytes }) => {
      const file = files.get(key);
      return file?.sizeBytes === sizeBytes && file.modifiedMs <= writtenMs;
    });
  };
  return new Set(chunks.filter((chunk) => !isAsWritten(chunk)));
}

function byKey(objects: readonly ObjectInfo[]): ReadonlyMap<string, ObjectInfo> {
  return new Map(objects.map((object) => [object.key, object]));
}
