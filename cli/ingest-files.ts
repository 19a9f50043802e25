import { stat } from 'node:fs/promises';
import path from 'node:path';
import { hashFile } from '../adapters/local/file-bytes.ts';
import { guarded } from '../adapters/local/file-errors.ts';
import type { Lake } from '../adapters/local/lake.ts';
import { addToBronze, type IngestedFile } from '../etl/bronze.ts';
import { bronzePrefix } from '../etl/naming.ts';
import type { ObjectInfo } from '../etl/ports.ts';

/** One file, where it came from and where it is now. */
export interface IngestedSource extends IngestedFile {
  /** Absolute path of the source. */
  readonly file: string;
}

/** Copies files into a dataset's Bronze, one after another; yields each as it is there. The contract is the caller's to check. */
export async function* ingestFiles(
  lake: Lake,
  dataset: string,
  files: readonly string[],
): AsyncGenerator<IngestedSource> {
  const { objects, clock, progress } = lake.effects;
  const date = clock.now().toISOString().slice(0, 10);
  const listed: Pick<ObjectInfo, 'key' | 'sizeBytes'>[] = await objects.list(bronzePrefix(dataset));
  const sizes = await Promise.all(files.map((file) => guarded(`reading ${file}`, () => stat(file))));
  const totalBytes = sizes.reduce((sum, { size }) => sum + size, 0);
  let doneBytes = 0;
  for (const [n, file] of files.entries()) {
    const size = sizes[n]?.size ?? 0;
    const doneBefore = doneBytes;
    const advance = (sent: number): void =>
      progress?.({
        stage: path.basename(file),
        runId: dataset,
        doneBytes: doneBefore + sent,
        totalBytes,
      });
    advance(0);
    const incoming = {
      name: path.basename(file),
      sizeBytes: size,
      digest: async () => (await guarded(`reading ${file}`, () => hashFile(file))).digest,
      copyTo: (key: string) => lake.data.addFile(file, key, advance),
    };
    const added = await addToBronze(
      incoming,
      { dataset, date },
      { objects: listed, digest: (key) => lake.data.digest(key) },
    );
    if (!added.existed) listed.push({ key: added.key, sizeBytes: added.sizeBytes });
    doneBytes += size;
    yield { file, key: added.key, sizeBytes: added.sizeBytes, digest: added.digest, existed: added.existed };
  }
}
