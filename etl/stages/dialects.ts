import { locateMembers } from '../archives/locate-members.ts';
import type { SourceContract } from '../contract/contract.ts';
import { readingContract } from '../contract/reading-contract.ts';
import type { FileToRead } from '../csv/open-file.ts';
import { type CutOptions, cutSegments, type SegmentEvent } from '../csv/segments.ts';
import { DataError } from '../errors.ts';
import type { Effects, ObjectStore } from '../ports.ts';
import type { Plan, PlannedFile } from './documents.ts';
import { keptContract } from './kept-contracts.ts';

/** The contract by which files of a dialect, named by its contract's digest, are read under a contract. */
export async function inDialect(
  objects: ObjectStore,
  contract: SourceContract,
  dialect: string | undefined,
): Promise<SourceContract> {
  if (dialect === undefined || dialect === contract.digest) return contract;
  const old = await keptContract(objects, contract.dataset, dialect);
  if (old?.layer === 'silver') return readingContract(contract, old);
  throw new DataError(
    'DIALECT_MISSING',
    `The text of the contract ${dialect} of ${contract.dataset} is not there any more, or this release can't read it; files that were accepted under it can't be read without. Restore ops/contracts from a backup.`,
    { context: { dataset: contract.dataset, digest: dialect } },
  );
}

/** Files of a run that are read in one dialect, and the contract by which they are. */
export interface DialectGroup {
  readonly contract: SourceContract;
  readonly files: readonly PlannedFile[];
}

/** The files of a run by their dialects. */
export async function dialectsOf(
  objects: ObjectStore,
  contract: SourceContract,
  { files }: Pick<Plan, 'files'>,
): Promise<DialectGroup[]> {
  const groups = new Map<string | undefined, PlannedFile[]>([[undefined, []]]);
  for (const file of files) {
    const own = groups.get(file.dialect);
    if (own === undefined) groups.set(file.dialect, [file]);
    else own.push(file);
  }
  return await Promise.all(
    [...groups].map(async ([dialect, own]) => ({
      contract: await inDialect(objects, contract, dialect),
      files: own,
    })),
  );
}

/** A file to be read, and the dialect in which it is where that isn't the contract's own. */
export interface FileInDialect extends FileToRead {
  readonly dialect?: string | undefined;
}

/** The segments of files of several dialects, each with the contract by which it is read. */
export async function* segmentsInDialects(
  files: readonly FileInDialect[],
  { objects, contract, ...options }: CutOptions & Pick<Effects, 'objects' | 'data'>,
): AsyncGenerator<{ readonly event: SegmentEvent; readonly contract: SourceContract }> {
  const groups = new Map<string | undefined, FileInDialect[]>();
  for (const file of await locateMembers({ objects, data: options.data }, files)) {
    const own = groups.get(file.dialect);
    if (own === undefined) groups.set(file.dialect, [file]);
    else own.push(file);
  }
  for (const [dialect, sources] of groups) {
    const reading = await inDialect(objects, contract, dialect);
    for await (const event of cutSegments(sources, { contract: reading, ...options }))
      yield { event, contract: reading };
  }
}
