import { DataError } from '../../errors.ts';
import { bronzePrefix, isSealed, objectKeyOf, sealedName } from '../../naming/bronze.ts';
import { adoptedCorrectionsPrefix, adoptionKey, migrationKey } from '../../naming/generations.ts';
import { runRecordKey } from '../../naming/runs.ts';
import type { Word } from '../../operations/decide-run.ts';
import type { Runs } from '../../operations/runs.ts';
import type { Effects } from '../../ports.ts';
import { begunAdoption, isPublished } from '../../stages/adopted-files.ts';
import type { LedgerEntry } from '../../stages/ledger.ts';
import { loadLedger } from '../../stages/ledger-lookup.ts';
import type { AdoptedFile, Adoption, MigrationRequest } from '../../stages/migration-documents.ts';
import type { RunRecord } from '../../stages/outcomes.ts';
import { newRunId } from '../../stages/run-id.ts';
import { putDocument } from '../../stages/stored-documents.ts';
import type { BronzeKeeper } from './bronze-keeper.ts';
import { type ClearFile, clearFiles, contractOf } from './clear-files.ts';
import type { AdoptionRecord } from './record.ts';
import { removeClear } from './remove-clear.ts';
import { type Adoptable, findAdoptable, requireAdoptable } from './require-adoptable.ts';
import { stageCorrections } from './seal-decided.ts';
import { proveSealed, requireReadable, type Sealing, sealFile } from './seal-file.ts';
import { clearRetries, sealRetry } from './seal-retries.ts';
import { twinRecords } from './twin-records.ts';
import { changeWithheldKeys } from './withheld-keys.ts';

/** What adopting is asked for. */
export interface AdoptRequest extends Word {
  readonly dataset: string;
  /** Whether records that are in Silver now may be missing then. */
  readonly acceptLosses: boolean;
  /** Whether files that were never accepted, and can't be read, may go unsealed. */
  readonly discardUnreadable: boolean;
}

/** What adopting works with, beside the lake. */
export interface Adopting {
  readonly keeper: BronzeKeeper;
  readonly runs: Pick<Runs, 'backfill'>;
}

/** How an adoption ended. */
export interface Adopted {
  readonly dataset: string;
  /** Null where nothing was published before: then no table was made anew. */
  readonly run: RunRecord | null;
  /** What was removed; null where the run published nothing, and all is as it was. */
  readonly record: AdoptionRecord | null;
}

/**
 * Adopts a dataset that became protected: seals each of its files and proves it equal, makes its tables anew from what is
 * sealed, and then removes everything that holds a value in the clear. What was broken off goes on when it is asked for
 * again. Throws where something keeps it from that; then nothing was removed.
 */
export async function adopt(effects: Effects, request: AdoptRequest, adopting: Adopting): Promise<Adopted> {
  const { dataset } = request;
  const adoptable = await findAdoptable(effects, dataset);
  const begun = await begunAdoption(effects, dataset);
  if (begun !== undefined && isPublished(begun, adoptable.base?.pointer)) {
    const record = await removeClear(effects, adoptable, { adoption: begun, keeper: adopting.keeper });
    return { dataset, run: null, record };
  }
  await requireAdoptable(effects, adoptable, begun?.runId);
  const runId =
    begun === undefined || (await hasEnded(effects, begun)) ? newRunId(effects.clock.now()) : begun.runId;
  if (begun !== undefined && begun.runId !== runId) await forgetBegun(effects, begun);
  const adoption = await sealAll(effects, adoptable, { request, runId, keeper: adopting.keeper });
  if (!adoption.isMigration) {
    const record = await removeClear(effects, adoptable, { adoption, keeper: adopting.keeper });
    return { dataset, run: null, record };
  }
  const run = await adopting.runs.backfill({ dataset, runId });
  const after = await findAdoptable(effects, dataset);
  if (after.base?.pointer.generation_run !== runId) return { dataset, run, record: null };
  const record = await removeClear(effects, after, { adoption, keeper: adopting.keeper });
  return { dataset, run, record };
}

const hasEnded = async ({ objects }: Effects, { dataset, runId }: Adoption): Promise<boolean> =>
  (await objects.get(runRecordKey(dataset, runId))) !== undefined;

/** What an adoption that published nothing left; what it sealed stays, and is found by the next. */
async function forgetBegun({ objects }: Effects, { dataset, runId }: Adoption): Promise<void> {
  for (const { key } of await objects.list(adoptedCorrectionsPrefix(dataset, runId)))
    await objects.remove(key);
  await objects.remove(adoptionKey(dataset, runId));
}

interface SealingAll {
  readonly request: AdoptRequest;
  readonly runId: string;
  readonly keeper: BronzeKeeper;
}

/** Seals every clear file and retry and proves them equal, seals corrections, and asks for the run that reads them. */
async function sealAll(
  effects: Effects,
  adoptable: Adoptable,
  { request, runId, keeper }: SealingAll,
): Promise<Adoption> {
  const { contract, base, isMigration, vault } = adoptable;
  const { dataset, by, reason, acceptLosses } = request;
  const ledger = await loadLedger(effects, contract, base, runId);
  const all = await clearFiles(effects, contract, ledger);
  const sealings = new Map<string, Sealing>();
  for (const file of all) {
    const reading = await contractOf(effects, contract, { entry: file.entry, pointer: base?.pointer });
    sealings.set(file.key, { effects, keeper, vault, contract: reading });
  }
  const { readable, discarded } = await sortUnreadable(all, sealings, request);
  const keys = await keysFor(effects, adoptable, readable);
  await nameInWithheld(effects, dataset, keys);
  const files: AdoptedFile[] = [];
  for (const file of readable.filter(({ isRepeat }) => isRepeat !== true))
    files.push(await sealOne(file, keys.get(file.key) ?? '', sealings.get(file.key) as Sealing, effects));
  const byDigest = new Map(files.map((file) => [file.fromId, file]));
  for (const { key, digest, isRepeat } of readable) {
    const same = byDigest.get(digest);
    if (isRepeat === true && same !== undefined) files.push({ ...same, from: key, isRepeat });
  }
  const twins = (id: string) => {
    const [file, sealed] = [readable.find(({ digest }) => digest === id), byDigest.get(id)];
    if (file === undefined || sealed === undefined) return undefined;
    return twinRecords(file, sealed.to, sealings.get(file.key) as Sealing);
  };
  for (const retry of await clearRetries(effects, dataset))
    files.push(await sealRetry(retry, { effects, vault, contract, ids: byDigest, twins }));
  await nameInWithheld(effects, dataset, new Map(files.map(({ from, to }) => [from, to])));
  if (isMigration) await stageCorrections({ effects, vault, contract, runId });
  const at = effects.clock.now().toISOString();
  const adoption: Adoption = { dataset, runId, by, reason, at, isMigration, files, discarded };
  // The run goes by this: it must be there first.
  await putDocument(effects.objects, adoptionKey(dataset, runId), adoption);
  const asked: MigrationRequest = { dataset, runId, by, reason, acceptLosses, isAdoption: true };
  if (isMigration) await putDocument(effects.objects, migrationKey(dataset, runId), asked);
  return adoption;
}

/** Throws DataError `UNREADABLE` where files can't be read, unless they were never accepted and a person lets them go. */
async function sortUnreadable(
  files: readonly ClearFile[],
  sealings: ReadonlyMap<string, Sealing>,
  { dataset, discardUnreadable }: AdoptRequest,
): Promise<{ readable: ClearFile[]; discarded: Adoption['discarded'] }> {
  const [readable, discarded]: [ClearFile[], { key: string; why: string }[]] = [[], []];
  const needed: string[] = [];
  for (const file of files) {
    const why = await whyUnreadable(file, sealings.get(file.key) as Sealing);
    if (why === undefined) readable.push(file);
    else {
      discarded.push({ key: file.key, why });
      if (isNeeded(file.entry)) needed.push(file.key);
    }
  }
  const [first] = discarded;
  if (first === undefined || (discardUnreadable && needed.length === 0)) return { readable, discarded };
  const said = discarded.map(({ why }) => why).join(' ');
  const out =
    needed.length > 0
      ? `${needed[0]} was read before and is needed: its contract must read it`
      : '--discard-unreadable lets them go: nothing was ever made of them';
  throw new DataError(
    'UNREADABLE',
    `${dataset} is not adopted: what can't be read can't be sealed, and may not stay in the clear. ${said} Nothing was changed; ${out}.`,
    { context: { dataset, files: discarded.length } },
  );
}

const isNeeded = (entry: LedgerEntry | undefined): boolean =>
  entry !== undefined && entry.status !== 'rejected' && entry.status !== 'empty';

async function whyUnreadable(file: ClearFile, sealing: Sealing): Promise<string | undefined> {
  try {
    await requireReadable(file, sealing);
    return undefined;
  } catch (error) {
    if (error instanceof DataError && error.code === 'NOT_READABLE') return error.message;
    throw error;
  }
}

/** The key that each clear file is sealed under: its repeats' too; what its source brought sealed since is the same one. */
async function keysFor(
  effects: Effects,
  { contract: { dataset }, vault }: Adoptable,
  files: readonly ClearFile[],
): Promise<ReadonlyMap<string, string>> {
  const names = await vault.fileNames(
    dataset,
    files.map(({ digest }) => digest),
  );
  const sealed = (await effects.objects.list(bronzePrefix(dataset))).flatMap(({ key }) =>
    isSealed(key) ? [[nameOf(key), key] as const] : [],
  );
  const taken = new Map(sealed.reverse());
  for (const [n, { key, isRepeat }] of files.entries()) {
    const name = sealedName(names[n] ?? '');
    if (isRepeat !== true && !taken.has(name)) taken.set(name, `${folderOf(key)}/${name}`);
  }
  return new Map(files.map(({ key }, n) => [key, taken.get(sealedName(names[n] ?? '')) ?? '']));
}

const nameOf = (key: string): string => key.slice(key.lastIndexOf('/') + 1);

/** The folder of the day on which it came; that of the archive that it is in. */
const folderOf = (key: string): string => {
  const object = objectKeyOf(key);
  return object.slice(0, object.lastIndexOf('/'));
};

async function sealOne(
  file: ClearFile,
  key: string,
  sealing: Sealing,
  { objects, data }: Effects,
): Promise<AdoptedFile> {
  const isThere = (await objects.list(key)).some((one) => one.key === key);
  if (!isThere) await sealFile(file, key, sealing);
  const { records } = await proveSealed(file, key, sealing);
  const sizeBytes = (await objects.list(key)).find((one) => one.key === key)?.sizeBytes ?? 0;
  return { from: file.key, fromId: file.digest, to: key, toId: await data.digest(key), sizeBytes, records };
}

/** What is set aside stays so under its other key. */
function nameInWithheld(effects: Effects, dataset: string, keys: ReadonlyMap<string, string>): Promise<void> {
  return changeWithheldKeys(effects, dataset, (all) => [
    ...new Set([...all, ...all.flatMap((key) => keys.get(key) ?? [])]),
  ]);
}
