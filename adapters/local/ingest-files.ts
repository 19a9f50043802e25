import path from 'node:path';
import { BronzeIntake, isNeededFor } from '../../etl/bronze.ts';
import type { SourceContract } from '../../etl/contract/contract.ts';
import { type HasRoom, inFlight } from '../../etl/in-flight.ts';
import { bronzePrefix } from '../../etl/naming/bronze.ts';
import { isProtected, protectionOf } from '../../etl/privacy/protection.ts';
import { hashFile } from './file-bytes.ts';
import { guarded } from './file-errors.ts';
import { fileToProtect, ingestProtected } from './ingest-protected.ts';
import {
  type FileToIngest,
  type FoundSource,
  type Ingestion,
  measure,
  progressOf,
  totalBytes,
} from './ingestion.ts';
import type { Lake } from './lake.ts';
import { requirePlain } from './plain-file.ts';

/** Small files wait for the disk or the network together; a large one keeps them busy alone. */
const FILES_AT_ONCE = 32;
const BYTES_AT_ONCE = 64 * 1024 * 1024;

/**
 * Copies files into a dataset's Bronze, several at once, as arrivals in their order; yields what became of each, in the
 * same order, as soon as that is known; of a protected dataset, protected. The contract is the caller's to check.
 */
export async function* ingestFiles(
  lake: Lake,
  contract: SourceContract,
  files: readonly FileToIngest[],
): AsyncGenerator<Ingestion> {
  if (isProtected(protectionOf(contract)))
    yield* ingestProtected(lake, contract, (await Promise.all(files.map(measure))).map(fileToProtect));
  else yield* ingestPlain(lake, contract, files);
}

async function* ingestPlain(
  lake: Lake,
  { dataset, duplicates }: SourceContract,
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

const hasRoom: HasRoom<FoundSource> = (underWay, next) =>
  underWay.length < FILES_AT_ONCE && totalBytes([...underWay, next]) <= BYTES_AT_ONCE;
