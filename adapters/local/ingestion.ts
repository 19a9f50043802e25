import path from 'node:path';
import type { IngestedFile } from '../../etl/bronze.ts';
import type { Effects } from '../../etl/ports.ts';
import type { FoundFile } from './plain-file.ts';
import { stat } from './quick-files.ts';

/** One file, where it came from and where it is now. */
export interface IngestedSource extends IngestedFile {
  /** Absolute path of the source. */
  readonly file: string;
}

/** A file's outcome: it is in Bronze, durably, or can't be brought there. */
export type Ingestion =
  | { readonly kind: 'ingested'; readonly file: string; readonly source: IngestedSource }
  | { readonly kind: 'failed'; readonly file: string; readonly error: unknown };

/** A file to be ingested: by its absolute path, and how it was found: in a folder, or named by a person. */
export interface FileToIngest extends FoundFile {
  readonly file: string;
}

/** A file as it was found, with its size. */
export interface FoundSource extends FileToIngest {
  readonly sizeBytes: number;
  /** When it was last written, where it was found in a folder that is looked through time and again. */
  readonly foundWrittenMs: number | undefined;
}

/** Errors wait until the file is copied, so that they stop no other. */
export async function measure(found: FileToIngest): Promise<FoundSource> {
  const { file, below } = found;
  const stats = await stat(file).catch(() => undefined);
  return {
    ...found,
    sizeBytes: stats?.size ?? 0,
    // Naming a file drops it now; a file in a watched folder was dropped when it was written.
    foundWrittenMs: below === undefined ? undefined : stats?.mtimeMs,
  };
}

export const totalBytes = (sources: readonly Pick<FoundSource, 'sizeBytes'>[]): number =>
  sources.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);

/** Tells of each file how many of its bytes have gone, as how many of all have. */
export function progressOf(
  dataset: string,
  sources: readonly Pick<FoundSource, 'sizeBytes'>[],
  progress: Effects['progress'],
): (file: string) => (sentBytes: number) => void {
  const ofAll = { runId: dataset, totalBytes: totalBytes(sources) };
  let doneBytes = 0;
  return (file) => {
    let before = 0;
    return (sentBytes) => {
      doneBytes += sentBytes - before;
      before = sentBytes;
      progress?.({ stage: path.basename(file), doneBytes, ...ofAll });
    };
  };
}
