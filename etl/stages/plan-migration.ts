import type { SourceContract } from '../contract/contract.ts';
import { DataError } from '../errors.ts';
import { archiveOf, objectKeyOf } from '../naming/bronze.ts';
import { migrationKey } from '../naming/generations.ts';
import type { Effects } from '../ports.ts';
import type { Pointer } from '../table/pointer.ts';
import { underSealedKeys } from './adopted-files.ts';
import { byObject, identifyArchive, isOfArchive, sourcesOf } from './archive-sources.ts';
import type { PlannedFile } from './documents.ts';
import { keptContract } from './kept-contracts.ts';
import { byArrival, type LedgerEntry, liveArrivals } from './ledger.ts';
import { listSources } from './list-sources.ts';
import { type Adoption, MigrationRequest } from './migration-documents.ts';
import type { RunInput } from './stage.ts';
import { parseDocument } from './stored-documents.ts';

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
 * names: Bronze is write-once. Of an adoption, they are those that were sealed. Throws DataError `SOURCE_MISSING` where one is gone.
 */
export async function filesToMigrate(
  effects: Effects,
  base: MigrationBase & { readonly adoption?: Adoption | undefined },
): Promise<PlannedFile[]> {
  const { ledger, adoption } = base;
  const sources = await sourcesInLedger(effects, base);
  const live = liveArrivals(ledger);
  const dialects = await knownDialects(effects, base);
  const files = sources.flatMap(({ key, ...source }) => {
    const entry = ledger.get(key) ?? ledger.get(objectKeyOf(key));
    if (entry === undefined) return [];
    const sourceFileId = ledger.has(key) ? entry.sourceFileId : (source.sourceFileId ?? '');
    const first = live.get(sourceFileId)?.key ?? key;
    const isRepeat = entry.status === 'repeat' || (first !== key && source.aside === undefined);
    const { arrivedAt, lastAt } = entry;
    return {
      ...{ key, ...source, sourceFileId, arrivedAt, processedAt: lastAt },
      ...(isRepeat ? { repeatOf: first } : {}),
      ...dialectPart(dialects.get(entry.dialectDigest ?? entry.contractDigest)),
    };
  });
  const named = files.map((file) => ({ ...file, index: 0 }));
  const all = adoption === undefined ? named : underSealedKeys(named, adoption);
  return all.sort(byArrival).map((file, index) => ({ ...file, index }));
}

/** A plan's entry for a file that it finds again. */
type FoundAgain = Pick<PlannedFile, 'key' | 'sizeBytes' | 'member' | 'aside'> &
  Partial<Pick<PlannedFile, 'sourceFileId'>>;

/**
 * Every file of the ledger with its place. An archive once rejected as a whole is judged again, and replaced by its
 * files where they can be read now.
 */
async function sourcesInLedger(
  effects: Effects,
  { contract, ledger }: Pick<MigrationBase, 'contract' | 'ledger'>,
): Promise<FoundAgain[]> {
  const opened = new Set([...ledger.keys()].map(archiveOf));
  const keys = [...ledger.keys()].filter((key) => !opened.has(key));
  const sources = sourcesOf(await listSources(effects, contract.dataset), keys);
  const missing = keys.find((_, n) => sources[n] === undefined);
  if (missing !== undefined)
    throw new DataError('SOURCE_MISSING', `${missing} is to be read again, but it is not there.`);
  const found: FoundAgain[] = [];
  for (const source of byObject(sources.filter((one) => one !== undefined))) {
    if (!isOfArchive(source)) found.push({ key: source.key, sizeBytes: source.sizeBytes });
    else
      for (const { arrivedMs: _, ...file } of await identifyArchive(effects.data, source, contract.limits))
        found.push(file);
  }
  return found;
}

const dialectPart = (dialect: string | undefined): Pick<PlannedFile, 'dialect'> =>
  dialect === undefined ? {} : { dialect };

/**
 * For each contract that the ledger names, the kept contract that reads its files: itself, or the last published one if
 * its text wasn't kept; none where that is missing, too, or is today's.
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
