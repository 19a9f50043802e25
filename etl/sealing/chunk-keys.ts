import type { Engine } from '../engine/engine.ts';
import { chunkKey } from '../naming/runs.ts';
import { hashMark } from '../refining/chunk-keys.ts';
import type { ChunkResult, Plan } from '../stages/documents.ts';
import { otherFormat } from '../stages/run-documents.ts';
import type { DataFile } from '../table/schema.ts';

/** The keys of a chunk, as refine left them. */
export interface ChunkKeys {
  /** Key of the Parquet file of hashes, whose `file$` counts in `files`. */
  readonly key: string;
  /** The chunk's files when it was refined. */
  readonly files: readonly DataFile[];
  /** Files that took the place of some of these since. */
  readonly instead: readonly DataFile[];
}

/** What a run's chunks are, as refine left them (`read`) and as they are now. */
interface ChunksOfRun {
  readonly plan: Pick<Plan, 'dataset' | 'runId'>;
  readonly read: readonly ChunkResult[];
  readonly chunks: readonly ChunkResult[];
}

/**
 * The keys that refine left of a run's chunks. Throws ConflictError `FORMAT_CHANGED`, so that the run is planned again, where
 * another release of DuckDB made the hashes.
 */
export async function chunkKeys(engine: Engine, { plan, read, chunks }: ChunksOfRun): Promise<ChunkKeys[]> {
  const mark = await hashMark(engine);
  return read.flatMap(({ chunk, keys, dataFiles, suspectFiles }, n) => {
    if (keys === undefined) return [];
    if (keys.hashMark !== mark) throw otherFormat(chunkKey(plan.dataset, plan.runId, chunk));
    const files = [...dataFiles, ...suspectFiles];
    const before = new Set(files.map(({ key }) => key));
    const now = [...(chunks[n]?.dataFiles ?? []), ...(chunks[n]?.suspectFiles ?? [])];
    return [{ key: keys.key, files, instead: now.filter(({ key }) => !before.has(key)) }];
  });
}
