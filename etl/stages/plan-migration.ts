import type { SourceContract } from '../contract/contract.ts';
import { DataError } from '../errors.ts';
import { migrationKey } from '../naming.ts';
import type { Effects, ObjectInfo } from '../ports.ts';
import type { Pointer } from '../table/pointer.ts';
import { type PlannedFile, parseDocument } from './documents.ts';
import { keptContract } from './kept-contracts.ts';
import { byArrival, type LedgerEntry, liveArrivals } from './ledger.ts';
import { listSources } from './list-sources.ts';
import { MigrationRequest } from './migration-documents.ts';
import type { RunInput } from './stage.ts';

/** The migration that a person asked a run for; undefined for every other run. */
export async function readMigration(
  { objects }: Pick<Effects, 'objects'>,
  { dataset, runId }: RunInput,
): Promise<MigrationRequest | undefined> {
  const key = migrationKey(dataset, runId);
  const stored = await objects.get(key);
  return stored === undefined ? undefined : parseDocument(stored.body, key, MigrationRequest);
}

/** What a migration reads from. */
export interface MigrationBase {
  readonly contract: SourceContract;
  readonly pointer: Pointer;
  readonly ledger: ReadonlyMap<string, LedgerEntry>;
}

/**
 * Every file that the ledger knows, to be read again: each in the dialect in which it was accepted, in the order of its
 * arrival, with the time at which it was last dealt with. Repeats stay repeats. Their bytes are those that the ledger
 * names: Bronze is write-once. Throws DataError `SOURCE_MISSING` where one is gone.
 */
export async function filesToMigrate(effects: Effects, base: MigrationBase): Promise<PlannedFile[]> {
  const { contract, ledger } = base;
  const listed = new Map((await listSources(effects, contract.dataset)).map((one) => [one.key, one]));
  const live = liveArrivals(ledger);
  const dialects = await knownDialects(effects, base);
  const files = [...ledger].map(([key, entry]) => {
    const source = listed.get(key);
    if (source === undefined)
      throw new DataError('SOURCE_MISSING', `${key} is to be read again, but it is not there.`);
    const first = live.get(entry.sourceFileId)?.key ?? key;
    const isRepeat = entry.status === 'repeat' || first !== key;
    return plannedFile(source, entry, {
      ...(isRepeat ? { repeatOf: first } : {}),
      ...dialectPart(dialects.get(entry.dialectDigest ?? entry.contractDigest)),
    });
  });
  return files.sort(byArrival).map((file, index) => ({ ...file, index }));
}

const dialectPart = (dialect: string | undefined): Pick<PlannedFile, 'dialect'> =>
  dialect === undefined ? {} : { dialect };

function plannedFile(
  { key, sizeBytes }: ObjectInfo,
  { sourceFileId, arrivedAt, lastAt }: LedgerEntry,
  more: Pick<PlannedFile, 'repeatOf' | 'dialect'>,
): Omit<PlannedFile, 'index'> {
  return { key, sizeBytes, sourceFileId, arrivedAt, processedAt: lastAt, ...more };
}

/**
 * For each contract that the ledger names, the kept one in whose dialect its files are read: itself; where its text was
 * not kept yet, the one that was published last; none where that wasn't either, or where it is today's.
 */
async function knownDialects(
  { objects }: Effects,
  { contract, pointer, ledger }: MigrationBase,
): Promise<Map<string, string>> {
  const wanted = new Set([...ledger.values()].map((one) => one.dialectDigest ?? one.contractDigest));
  const found = new Map<string, string>();
  for (const digest of wanted) {
    if (digest === contract.digest) continue;
    for (const candidate of [digest, pointer.contract_digest]) {
      if (found.has(digest) || (await keptContract(objects, contract.dataset, candidate)) === undefined)
        continue;
      found.set(digest, candidate);
    }
  }
  return found;
}
