import type { SourceContract } from '../../contract/contract.ts';
import { readingContract } from '../../contract/reading-contract.ts';
import type { FileToRead } from '../../csv/open-file.ts';
import { isArchive } from '../../naming/bronze.ts';
import type { Effects } from '../../ports.ts';
import { identifyArchive } from '../../stages/archive-sources.ts';
import { clearObjects } from '../../stages/clear-objects.ts';
import { keptContract } from '../../stages/kept-contracts.ts';
import { type LedgerEntry, liveArrivals } from '../../stages/ledger.ts';
import type { Pointer } from '../../table/pointer.ts';

/** A source file of a protected dataset that is in the clear: an object of Bronze, or a file in one. */
export interface ClearFile {
  /** By which it is known. */
  readonly key: string;
  readonly sizeBytes: number;
  /** SHA-256 of its bytes. */
  readonly digest: string;
  readonly arrivedMs: number;
  readonly member?: FileToRead['member'];
  /** Why it can't be unpacked. */
  readonly unreadable?: string;
  /** What the ledger says of it; absent of what waits or is set aside. */
  readonly entry?: LedgerEntry;
  /** Set where the same bytes stand under another key, which counts. */
  readonly isRepeat?: true;
}

/** Every source file of a dataset that is in the clear, by its arrival; of equal ones all but that which counts are repeats. */
export async function clearFiles(
  effects: Effects,
  contract: Pick<SourceContract, 'dataset' | 'limits'>,
  ledger: ReadonlyMap<string, LedgerEntry>,
): Promise<ClearFile[]> {
  const found: ClearFile[] = [];
  for (const object of await clearObjects(effects, contract.dataset)) {
    const { key, sizeBytes } = object;
    if (!isArchive(key)) {
      const { digest, arrivedMs } = await effects.data.identify(key);
      found.push(withEntry({ key, sizeBytes, digest, arrivedMs }, ledger));
      continue;
    }
    const source = { key, sizeBytes, modifiedMs: 0 };
    const members = await identifyArchive(effects.data, source, contract.limits);
    if (members.length === 0) {
      const { digest, arrivedMs } = await effects.data.identify(key);
      found.push({ key, sizeBytes, digest, arrivedMs, unreadable: 'no file of records is in it' });
    }
    for (const { aside, member, sourceFileId, ...file } of members)
      found.push(
        withEntry(
          {
            ...{ key: file.key, sizeBytes: file.sizeBytes, arrivedMs: file.arrivedMs, digest: sourceFileId },
            ...(member === undefined ? {} : { member }),
            ...(aside === undefined ? {} : { unreadable: aside.note }),
          },
          ledger,
        ),
      );
  }
  return withRepeats(found, ledger);
}

const withEntry = (file: ClearFile, ledger: ReadonlyMap<string, LedgerEntry>): ClearFile => {
  const entry = ledger.get(file.key);
  return entry === undefined ? file : { ...file, entry, arrivedMs: Date.parse(entry.arrivedAt) };
};

function withRepeats(files: readonly ClearFile[], ledger: ReadonlyMap<string, LedgerEntry>): ClearFile[] {
  const live = liveArrivals(ledger);
  const sorted = [...files].sort((a, b) => a.arrivedMs - b.arrivedMs || (a.key < b.key ? -1 : 1));
  const first = new Map<string, string>();
  for (const { key, digest, entry } of sorted) {
    const counts = live.get(digest)?.key;
    if (counts !== undefined ? key === counts : entry !== undefined && !first.has(digest))
      first.set(digest, key);
  }
  for (const { key, digest } of sorted) if (!first.has(digest)) first.set(digest, key);
  return sorted.map((file) =>
    first.get(file.digest) === file.key ? file : { ...file, isRepeat: true as const },
  );
}

/**
 * The contract by which a clear file is read: today's, with the spelling of that under which it was accepted, or of the
 * published one where that was not kept.
 */
export async function contractOf(
  { objects }: Pick<Effects, 'objects'>,
  contract: SourceContract,
  { entry, pointer }: { readonly entry?: LedgerEntry | undefined; readonly pointer: Pointer | undefined },
): Promise<SourceContract> {
  const digests =
    entry === undefined ? [] : [entry.dialectDigest ?? entry.contractDigest, pointer?.contract_digest];
  for (const digest of digests) {
    if (digest === contract.digest) return contract;
    const kept = digest === undefined ? undefined : await keptContract(objects, contract.dataset, digest);
    if (kept?.layer === 'silver') return readingContract(contract, kept);
  }
  return contract;
}
