import { createHash } from 'node:crypto';
import path from 'node:path';
import { BronzeIntake } from '../../etl/bronze.ts';
import type { SourceContract } from '../../etl/contract/contract.ts';
import { ConfigError, TransientError } from '../../etl/errors.ts';
import { bronzePrefix, sealedName } from '../../etl/naming/bronze.ts';
import type { Effects } from '../../etl/ports.ts';
import { protectedBytes } from '../../etl/privacy/protect-source.ts';
import { type SourceMember, type SourceToProtect, sourceMembers } from '../../etl/privacy/source-members.ts';
import type { Vault } from '../../etl/privacy/vault.ts';
import { fingerprintOf, readPieces, sameFingerprint } from './file-bytes.ts';
import { guarded } from './file-errors.ts';
import { type FoundSource, type IngestedSource, type Ingestion, progressOf } from './ingestion.ts';
import type { Lake } from './lake.ts';
import { requirePlain } from './plain-file.ts';

/** A file to be protected, as it is read, and as it is known. */
export interface FileToProtect extends SourceToProtect {
  /** Absolute path of the source, or what it is called where it has none. */
  readonly file: string;
  /** When it was last written, where it was found in a folder that is looked through time and again. */
  readonly foundWrittenMs?: number | undefined;
  /** Throws where it can't be taken, or changed since the last call. */
  look(): Promise<void>;
}

/** A source file on this machine. */
export function fileToProtect(found: FoundSource): FileToProtect {
  const { file, sizeBytes, foundWrittenMs } = found;
  let before: Awaited<ReturnType<typeof fingerprintOf>> | undefined;
  return {
    ...{ file, name: path.basename(file), sizeBytes, foundWrittenMs },
    read: (range) => readPieces(file, file, range),
    async look() {
      await guarded(`looking at ${file}`, () => requirePlain(file, found));
      const now = await guarded(`reading ${file}`, () => fingerprintOf(file));
      if (before !== undefined && !sameFingerprint(before, now))
        throw new TransientError(
          'FILE_CHANGING',
          `${file} changed while it was read: wait until it is complete, then run again.`,
          { context: { file } },
        );
      before = now;
    },
  };
}

/**
 * Protects files of a dataset and brings them into its Bronze, one after the other, as arrivals in their order; of an
 * archive each file in it. What can't be read or protected stays where it is, whole: nothing of it is stored.
 */
export async function* ingestProtected(
  lake: Lake,
  contract: SourceContract,
  files: readonly FileToProtect[],
): AsyncGenerator<Ingestion> {
  const { dataset, duplicates } = contract;
  const { objects, clock, progress } = lake.effects;
  const vault = await openedVault(lake.effects);
  const date = clock.now().toISOString().slice(0, 10);
  const intake = new BronzeIntake(
    { dataset, date, clock, isReplacing: duplicates === 'replace' },
    {
      // All of it: a repeat is known by its name, on whatever day it came.
      objects: await objects.list(bronzePrefix(dataset)),
      digest: (key) => lake.data.digest(key),
    },
  );
  const advance = progressOf(dataset, files, progress);
  for (const file of files) {
    const sent = advance(file.file);
    sent(0);
    try {
      for (const source of await addSource(file, { lake, contract, vault, intake, sent }))
        yield { kind: 'ingested', file: file.file, source };
    } catch (error) {
      yield { kind: 'failed', file: file.file, error };
    }
    sent(file.sizeBytes);
  }
}

/** The vault, which answers: nothing is begun before that is known. */
async function openedVault({ vault }: Pick<Effects, 'vault'>): Promise<Vault> {
  if (vault === undefined)
    throw new ConfigError(
      'NO_VAULT',
      'This dataset is protected, and this process was given no vault: make one with `assay vault init`, or deploy the stack anew.',
    );
  await vault.columns();
  return vault;
}

interface Adding {
  readonly lake: Lake;
  readonly contract: SourceContract;
  readonly vault: Vault;
  readonly intake: BronzeIntake;
  /** Tells how many of the file's bytes are done. */
  readonly sent: (bytes: number) => void;
}

async function addSource(file: FileToProtect, adding: Adding): Promise<IngestedSource[]> {
  const { lake, contract, vault } = adding;
  await file.look();
  const reading = { contract, openScratch: lake.effects.openScratch };
  const members = await sourceMembers(file, reading);
  const names = await vault.fileNames(
    contract.dataset,
    members.map(({ digest }) => digest),
  );
  const added: IngestedSource[] = [];
  for (const [n, member] of members.entries())
    added.push(await addMember(file, member, { ...adding, name: names[n] ?? '' }));
  return added;
}

async function addMember(
  file: FileToProtect,
  member: SourceMember,
  { lake, contract, vault, intake, sent, name }: Adding & { readonly name: string },
): Promise<IngestedSource> {
  const added = await intake.add({
    name: sealedName(name),
    ...(file.foundWrittenMs === undefined ? {} : { foundWrittenMs: file.foundWrittenMs }),
    digest: async () => createHash('sha256').update(name).digest('hex'),
    async copyTo(key, arrivedMs) {
      const scratch = await lake.effects.openScratch('protected');
      try {
        const copy = await scratch.create('protected.csv');
        const { openCellWorkers: openWorkers } = lake.effects;
        const parts = { contract, vault, arrived: new Date(arrivedMs), openWorkers };
        let written = 0;
        for await (const bytes of protectedBytes(member, parts)) {
          await copy.write(bytes);
          written += bytes.length;
          sent(Math.min(written, file.sizeBytes));
        }
        await copy.close();
        await file.look();
        return await lake.data.addFile(copy.path, key, { arrivedMs });
      } finally {
        await scratch.dispose();
      }
    },
  });
  const { key, sizeBytes, digest, existed } = added;
  return { file: file.file, key, sizeBytes, digest, existed };
}
