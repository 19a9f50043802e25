import { stat } from 'node:fs/promises';
import path from 'node:path';
import { BronzeIntake, type IngestedFile, isNeededFor } from '../../etl/bronze.ts';
import type { SourceContract } from '../../etl/contract/contract.ts';
import { type HasRoom, inFlight } from '../../etl/in-flight.ts';
import { bronzePrefix } from '../../etl/naming/bronze.ts';
import type { Effects } from '../../etl/ports.ts';
import { hashFile } from './file-bytes.ts';
import { guarded } from './file-errors.ts';
import type { Lake } from './lake.ts';
import { type FoundFile, requirePlain } from './plain-file.ts';

/** Small files wait for the disk or the network together; a large one keeps them busy alone. */
const FILES_AT_ONCE = 32;
const BYTES_AT_ONCE = 64 * 1024 * 1024;

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

/**
 * Copies files into a dataset's Bronze, several at once, as arrivals in their order; yields what became of each, in the
 * same order, as soon as that is known. The contract is the caller's to check.
 */
export async function* ingestFiles(
  lake: Lake,
  { dataset, duplicates }: Pick<SourceContract, 'dataset' | 'duplicates'>,
  files: readonly FileToIngest[],
): AsyncGenerator<Ingestion> {
  const { objects, clock, progress } = lake.effects;
  const date = clock.now().toISOString().slice(0, 10);
  const place = { dataset, date, clock, isReplacing: duplicates === 'replace' };
  const isNeeded = isNeededFor(
    place,
    files.map(({ file }) => path.basename(file)),
  );
  const intake = new BronzeIntake(place, {
    objects: await objects.list(bronzePrefix(dataset), undefined, isNeeded),
    digest: (key) => lake.data.digest(key),
  });
  const sources = await Promise.all(files.map(measure));
  const advance = progressOf(dataset, sources, progress);
  yield* inFlight(sources, hasRoom, async (source): Promise<Ingestion> => {
    const { file, links, sizeBytes, foundWrittenMs } = source;
    const sent = advance(file);
    sent(0);
    const look = () => guarded(`looking at ${file}`, () => requirePlain(file, source));
    try {
      // Check only after adding, so that files arrive in the order of adding.
      const added = await intake.add({
        name: path.basename(file),
        sizeBytes,
        foundWrittenMs,
        digest: async () => {
          await look();
          return (await guarded(`reading ${file}`, () => hashFile(file, undefined, links))).digest;
        },
        copyTo: async (key, arrivedMs) => {
          await look();
          return await lake.data.addFile(file, key, { arrivedMs, onSent: sent, links });
        },
      });
      const { key, digest, existed } = added;
      return { kind: 'ingested', file, source: { file, key, sizeBytes: added.sizeBytes, digest, existed } };
    } catch (error) {
      return { kind: 'failed', file, error };
    } finally {
      sent(sizeBytes);
    }
  });
}

interface Source extends FileToIngest {
  readonly sizeBytes: number;
  readonly foundWrittenMs: number | undefined;
}

/** Errors wait until the file is copied, so that they stop no other. */
async function measure(found: FileToIngest): Promise<Source> {
  const { file, below } = found;
  const stats = await stat(file).catch(() => undefined);
  return {
    ...found,
    sizeBytes: stats?.size ?? 0,
    // Naming a file drops it now; a file in a watched folder was dropped when it was written.
    foundWrittenMs: below === undefined ? undefined : stats?.mtimeMs,
  };
}

const hasRoom: HasRoom<Source> = (underWay, next) =>
  underWay.length < FILES_AT_ONCE && totalBytes([...underWay, next]) <= BYTES_AT_ONCE;

const totalBytes = (sources: readonly Source[]): number =>
  sources.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);

/** Tells of each file how many of its bytes have gone, as how many of all have. */
function progressOf(
  dataset: string,
  sources: readonly Source[],
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
