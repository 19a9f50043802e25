import { z } from 'zod';
import type { SourceContract } from '../contract/contract.ts';
import { atMost, inFlight } from '../in-flight.ts';
import { archiveOf, isSealed } from '../naming/bronze.ts';
import { retryOf } from '../naming/decisions.ts';
import type { Effects, ObjectStore } from '../ports.ts';
import { isProtected, protectionOf } from '../privacy/protection.ts';
import { byObject, identifyArchive, isOfArchive, type Source, sourcesOf } from './archive-sources.ts';
import { majorOf } from './awaits-migration.ts';
import type { PlannedFile } from './documents.ts';
import { byArrival, type LedgerEntry, liveArrivals } from './ledger.ts';
import type { LedgerLookup } from './ledger-lookup.ts';
import type { Withheld } from './outcomes.ts';
import { getDocument } from './stored-documents.ts';

/** Digests are waited for rather than computed: most are remembered by the store. */
const DIGESTS_AT_ONCE = 16;

/** What is known of other files, and earlier notes of these files' arrivals. */
export interface KnownFiles {
  readonly ledger: LedgerLookup;
  readonly withheld: readonly Withheld[];
  /** Arrivals of files that were planned before, by key. */
  readonly arrivals?: ReadonlyMap<string, string | undefined>;
}

/** A pending file with its identity. */
interface Identified extends Omit<PlannedFile, 'index'> {
  readonly arrivedAt: string;
  readonly isRetry: boolean;
}

type Dataset = Pick<
  SourceContract,
  'dataset' | 'duplicates' | 'limits' | 'version' | 'columns' | 'subject' | 'retention'
>;

/**
 * Gives each file its identity and orders files by arrival. Of files with the same bytes, one is worked on: the first,
 * whether here, held, rolled back or in the ledger. Where later records replace earlier ones it is the last, and
 * replaces what its bytes gave before; there, only bytes that a person rolled back stay a repeat. A retry's identity is
 * the digest of its manifest, so that the same records may be retried again.
 */
export async function identifyFiles(
  effects: Effects,
  contract: Dataset,
  pending: readonly Source[],
  known: KnownFiles,
): Promise<PlannedFile[]> {
  const files = (await identifyAll(effects, contract, pending, known)).sort(byArrival);
  const isReplacing = contract.duplicates === 'replace';
  const withheld = await withheldFiles(effects, contract, known.withheld);
  const twins = await known.ledger.ofFiles(files.map(({ sourceFileId }) => sourceFileId));
  const judged = isReplacing ? judgeReturns(files, withheld, twins) : judgeRepeats(files, withheld, twins);
  return judged.map(({ isRetry: _, ...file }, index) => ({ index, ...file }));
}

async function identifyAll(
  { data, objects }: Effects,
  contract: Dataset,
  pending: readonly Source[],
  { ledger, arrivals }: KnownFiles,
): Promise<Identified[]> {
  const { dataset, limits, version } = contract;
  const isOpen = isProtected(protectionOf(contract)) ? { aside: NOT_PROTECTED } : {};
  const entries = await ledger.ofKeys(pending.map(({ key }) => key));
  const arrivalOf = (key: string, arrivedMs: number): string =>
    entries.get(key)?.arrivedAt ?? arrivals?.get(key) ?? new Date(arrivedMs).toISOString();
  const identify = async (source: Source): Promise<Identified[]> => {
    const { key, sizeBytes } = source;
    if (isOfArchive(source)) {
      const identified = await identifyArchive(data, source, limits);
      return identified.map(({ arrivedMs, ...file }) => ({
        ...file,
        ...isOpen,
        arrivedAt: arrivalOf(file.key, arrivedMs),
        isRetry: false,
      }));
    }
    const retry = retryOf(dataset, key);
    const { digest, arrivedMs } = await data.identify(retry?.manifest ?? key);
    const file = { key, sizeBytes, sourceFileId: digest, arrivedAt: arrivalOf(key, arrivedMs) };
    const aside = archiveOf(key) === undefined ? {} : { aside: ODD_NAME };
    const clear = retry !== undefined || isSealed(key) ? {} : isOpen;
    const dialect = retry === undefined ? {} : await dialectOfRetry(objects, retry.manifest, version);
    return [{ ...file, isRetry: retry !== undefined, ...aside, ...clear, ...dialect }];
  };
  const files: Identified[] = [];
  for await (const some of inFlight(byObject(pending), atMost(DIGESTS_AT_ONCE), identify))
    files.push(...some);
  return files;
}

/** A file of a protected dataset that went around protection: nothing is made of it. */
const NOT_PROTECTED = {
  status: 'rejected',
  note: 'it is not protected, as its dataset is: `assay privacy adopt` seals it, and removes it in the clear',
} as const;

/** An object of its own whose key is like that of a file in an archive. */
const ODD_NAME = {
  status: 'rejected',
  note: "its name has '.zip#' in it, as the names of files in archives have: drop it under another",
} as const;

/** The contract by which a retry's manifest says it was written; older ones don't say. */
const Written = z.looseObject({
  contractDigest: z.string().optional(),
  contractVersion: z.string().optional(),
});

/**
 * The dialect of a retry: the one it was written in, if a new major version came while it waited; the corrected
 * contract's, if it waited for a correction.
 */
async function dialectOfRetry(
  objects: ObjectStore,
  manifest: string,
  version: string,
): Promise<Pick<PlannedFile, 'dialect'>> {
  const { contractDigest, contractVersion } = await getDocument(objects, manifest, Written);
  const isOlder = contractVersion !== undefined && majorOf(contractVersion) < majorOf(version);
  return isOlder && contractDigest !== undefined ? { dialect: contractDigest } : {};
}

/** Keys of the files that wait for a person, or that one took back, by their ids. */
async function withheldFiles(
  { objects, data }: Effects,
  { dataset, duplicates, limits }: Dataset,
  withheld: readonly Withheld[],
): Promise<Map<string, string>> {
  const keys = withheld
    .filter(({ decision }) => decision === 'rolled-back' || (decision === 'held' && duplicates !== 'replace'))
    .flatMap((one) => one.keys)
    // A retry holds quarantined values, which a plan may not read; no other file has its bytes.
    .filter((key) => retryOf(dataset, key) === undefined);
  const found = new Map<string, string>();
  const archives = new Set(keys.flatMap((key) => archiveOf(key) ?? []));
  for (const archive of archives) {
    const members = keys.filter((key) => archiveOf(key) === archive);
    const sources = sourcesOf(await objects.list(archive), members).filter((one) => one !== undefined);
    for (const source of byObject(sources))
      for (const { key, sourceFileId, aside } of await identifyArchive(data, source, limits))
        if (aside === undefined) found.set(sourceFileId, key);
  }
  const identify = async (key: string) => ({ key, id: await data.digest(key) });
  const whole = keys.filter((key) => !archives.has(archiveOf(key) ?? ''));
  for await (const { key, id } of inFlight(whole, atMost(DIGESTS_AT_ONCE), identify)) found.set(id, key);
  return found;
}

const isComparable = ({ isRetry, sizeBytes, aside }: Identified): boolean =>
  !isRetry && sizeBytes > 0 && aside === undefined;

/** The first file with its bytes is worked on, and the others are its repeats. */
function judgeRepeats(
  files: readonly Identified[],
  withheld: ReadonlyMap<string, string>,
  twins: ReadonlyMap<string, LedgerEntry>,
): Identified[] {
  const firstKeys = new Map(withheld);
  for (const [key, { status, sourceFileId }] of twins)
    if (status === 'accepted') firstKeys.set(sourceFileId, key);
  return files.map((file) => {
    const repeatOf = isComparable(file) ? firstKeys.get(file.sourceFileId) : undefined;
    if (!file.isRetry && file.aside === undefined && repeatOf === undefined)
      firstKeys.set(file.sourceFileId, file.key);
    return repeatOf === undefined ? file : { ...file, repeatOf };
  });
}

/** The last file with its bytes is worked on, and those before it are its repeats. */
function judgeReturns(
  files: readonly Identified[],
  withheld: ReadonlyMap<string, string>,
  twins: ReadonlyMap<string, LedgerEntry>,
): Identified[] {
  const published = liveArrivals(twins);
  const last = new Map(files.filter(isComparable).map((file) => [file.sourceFileId, file]));
  return files.map((file) => {
    if (!isComparable(file)) return file;
    const takenBack = withheld.get(file.sourceFileId);
    if (takenBack !== undefined) return { ...file, repeatOf: takenBack };
    const before = published.get(file.sourceFileId);
    const newest = last.get(file.sourceFileId) ?? file;
    const live = before !== undefined && byArrival(before, newest) > 0 ? before : newest;
    if (live.key !== file.key) return { ...file, repeatOf: live.key };
    return before === undefined ? file : { ...file, replacesEarlier: true };
  });
}
