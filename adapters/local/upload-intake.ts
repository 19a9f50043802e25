import { Buffer } from 'node:buffer';
import path from 'node:path';
import type { SourceContract } from '../../etl/contract/contract.ts';
import { loadContracts } from '../../etl/contract/load-contracts.ts';
import { KIND_BYTES, notOfFormat, refusedKind } from '../../etl/csv/file-kind.ts';
import { ConfigError } from '../../etl/errors.ts';
import { sentName } from '../../etl/naming/sent-name.ts';
import type { Scratch, ScratchFile } from '../../etl/ports.ts';
import { isProtected, protectionOf } from '../../etl/privacy/protection.ts';
import { secretScratch } from '../../etl/privacy/secret-scratch.ts';
import { usableContract } from '../../etl/stages/usable-contract.ts';
import { ingestFiles } from './ingest-files.ts';
import { type FileToProtect, ingestProtected } from './ingest-protected.ts';
import type { IngestedSource, Ingestion } from './ingestion.ts';
import type { Lake } from './lake.ts';

/** A file that somebody sends. */
interface Upload {
  readonly name: string;
  readonly bytes: AsyncIterable<Uint8Array>;
}

/**
 * Brings files that are sent into a lake's Bronze, by way of its scratch space: what is interrupted leaves nothing. The
 * checks are those of `assay ingest`; a file of another kind is refused at its first bytes.
 */
export function uploadIntake(lake: Lake, mostBytes: number) {
  return {
    mostBytes,
    async add(dataset: string, { name, bytes }: Upload): Promise<IngestedSource> {
      const { effects } = lake;
      const contract = await usableContract(effects, await loadContracts(effects.contracts), dataset);
      const isSecret = isProtected(protectionOf(contract));
      const space = await effects.openScratch('upload');
      // Of a protected dataset, what was sent lies nowhere in the clear.
      const scratch = isSecret ? secretScratch(space) : space;
      try {
        const file = await scratch.create(sentName(name));
        const sizeBytes = await receive(bytes, file, { name, mostBytes, format: contract.csv.format });
        return await onlySource(
          isSecret
            ? ingestProtected(lake, contract, [sentFile(file.path, sizeBytes, scratch)])
            : ingestFiles(lake, contract, [{ file: file.path, links: 'refuse' }]),
        );
      } finally {
        await scratch.dispose();
      }
    },
  };
}

/** A file that was sent; nobody changes it any more. */
const sentFile = (file: string, sizeBytes: number, scratch: Scratch): FileToProtect => ({
  ...{ file, name: path.basename(file), sizeBytes },
  read: (range) => scratch.read(file, range),
  look: async () => undefined,
});

/** What became of one file; of an archive, of the first in it. */
async function onlySource(ingesting: AsyncGenerator<Ingestion>): Promise<IngestedSource> {
  let first: IngestedSource | undefined;
  for await (const done of ingesting) {
    if (done.kind === 'failed') throw done.error;
    first ??= done.source;
  }
  if (first === undefined) throw new RangeError('A file was ingested, and nothing came of it.');
  return first;
}

/** What is known of a file before its first byte: its name, and its contract's format. */
interface Receiving {
  readonly name: string;
  readonly mostBytes: number;
  readonly format: SourceContract['csv']['format'];
}

/** Writes the bytes to the file as they come; returns how many there were. */
async function receive(
  bytes: AsyncIterable<Uint8Array>,
  file: ScratchFile,
  { name, mostBytes, format }: Receiving,
): Promise<number> {
  let head: Uint8Array | undefined = new Uint8Array();
  let sizeBytes = 0;
  for await (const piece of bytes) {
    sizeBytes += piece.length;
    if (sizeBytes > mostBytes)
      throw new ConfigError(
        'TOO_LARGE',
        `${name} has more than ${mostBytes} bytes, which is the most that is taken here: bring it by 'assay ingest'.`,
      );
    if (head !== undefined) {
      head = Buffer.concat([head, piece.subarray(0, KIND_BYTES)]);
      refuseOther(name, head, format);
      if (head.length >= KIND_BYTES) head = undefined;
    }
    await file.write(piece);
  }
  if (head !== undefined) refuseOther(name, head, format);
  await file.close();
  return sizeBytes;
}

/** What Bronze keeps, it keeps for good. */
function refuseOther(name: string, head: Uint8Array, format: Receiving['format']): void {
  const kind = refusedKind(name, head, format);
  if (kind !== undefined)
    throw new ConfigError('NOT_CSV', `${name} was not taken: ${notOfFormat(kind, format)}`);
}
