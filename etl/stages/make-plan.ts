import { checkContractSql, hasSqlToCheck } from '../contract/check-contract-sql.ts';
import type { SourceContract } from '../contract/contract.ts';
import { loadContracts, requireSourceContract } from '../contract/load-contracts.ts';
import { DataError } from '../errors.ts';
import { isArchive } from '../naming/bronze.ts';
import { retryOf } from '../naming/decisions.ts';
import { backfillKey, breakerKey, planKey } from '../naming/runs.ts';
import { partOfRest } from '../naming/tables.ts';
import type { Effects } from '../ports.ts';
import { nextGeneration } from '../table/generations.ts';
import type { ReadPointer } from '../table/pointer.ts';
import { requireAdoption } from './adopted-files.ts';
import { sourcesOf, withMembers } from './archive-sources.ts';
import { awaitsMigration, migrationNeeded } from './awaits-migration.ts';
import { BackfillRequest, isRead, Plan, type PlannedChunk, type PlannedFile } from './documents.ts';
import { identifyFiles } from './identify-files.ts';
import { readKnownPointer } from './known-pointer.ts';
import { byArrival, type LedgerEntry } from './ledger.ts';
import {
  type Ledger,
  type LedgerPlace,
  loadLedger,
  lookupIn,
  withLedger,
  withScratchEngine,
} from './ledger-lookup.ts';
import { isAnotherChance, listPending, listSources, listWithheld } from './list-sources.ts';
import type { MigrationRequest } from './migration-documents.ts';
import { Breaker, type Withheld } from './outcomes.ts';
import { filesToMigrate, readMigration } from './plan-migration.ts';
import { RUN_FORMAT } from './run-documents.ts';
import type { RunInput } from './stage.ts';
import { parseDocument } from './stored-documents.ts';

/** A chunk has at most this much to read, or this many files. */
export const CHUNK_BYTES = 512 * 1024 * 1024;
const CHUNK_FILES = 5_000;

/** What plan decides. */
export type Planned =
  | { readonly status: 'planned'; readonly plan: Plan }
  | { readonly status: 'nothing-to-do' }
  | { readonly status: 'refused'; readonly why: string }
  /** The tables must first be made anew under a new major version; `next` is the command for that. */
  | { readonly status: 'held'; readonly why: string; readonly next: string };

/**
 * Decides what a run would do, and changes nothing: every Bronze file of the dataset that no sealed run has dealt
 * with, in chunks, on the current base. The same lake, contract and run id give the same plan but for its time.
 */
export async function makePlan({ dataset, runId }: RunInput, effects: Effects): Promise<Planned> {
  const contract = requireSourceContract(await loadContracts(effects.contracts), dataset);
  if (hasSqlToCheck(contract))
    await withScratchEngine(effects, runId, (engine) => checkContractSql(engine, contract));
  const breaker = await openBreaker(effects, dataset);
  if (breaker !== undefined) {
    const why = `The circuit breaker of ${dataset} is open since ${breaker.openedAt}: ${breaker.count} errors ${breaker.code} within ${breaker.windowMinutes} minutes. Nothing runs until a person has looked: 'assay breaker status ${dataset}' shows the records, 'assay breaker reset ${dataset}' closes it.`;
    return { status: 'refused', why };
  }
  const base = await readKnownPointer(effects.objects, 'silver', dataset);
  const migration = await readMigration(effects, { dataset, runId });
  if (migration !== undefined) return planMigration(effects, migration, { contract, base, runId });
  if (base !== undefined && (await awaitsMigration(effects, contract, base.pointer)))
    return { status: 'held', ...(await migrationNeeded(effects, contract, base.pointer)) };
  const request = await readBackfill(effects, { dataset, runId });
  if (request !== undefined) return planBackfill(effects, request, { contract, base });
  return withLedger(effects, { contract, base, runId }, (ledger) =>
    planPending(effects, { contract, base, runId }, ledger),
  );
}

/** Plans the pending files. Reads only the ledger's entries about those. */
async function planPending(
  effects: Effects,
  { contract, base, runId }: LedgerPlace,
  ledger: Ledger,
): Promise<Planned> {
  const withheld = await listWithheld(effects, contract.dataset);
  const listed = await listPending(effects, { contract, ledger, withheld });
  const archives = listed.map(({ key }) => key).filter(isArchive);
  const known = [...(await ledger.membersOf(archives)), ...withheld.flatMap((one) => one.keys)];
  const sources = withMembers(listed, known);
  const keys = sources.map(({ key }) => key);
  const open = new Set(await ledger.openAmong(keys, contract.digest));
  const entries = await ledger.ofKeys([...open]);
  const pending = sources.filter(({ key }) => open.has(key) && isPending(key, contract, entries, withheld));
  if (pending.length === 0) return { status: 'nothing-to-do' };
  const files = await identifyFiles(effects, contract, pending, { ledger, withheld });
  const again = files.flatMap((file) => (file.replacesEarlier ? [file.sourceFileId] : []));
  const earlier = await ledger.ofFiles(again);
  return { status: 'planned', plan: planOf(runId, { contract, base, files, ledger: earlier }, effects) };
}

/** What a person asked a run to read again; undefined for every other run. */
async function readBackfill(
  effects: Effects,
  { dataset, runId }: RunInput,
): Promise<BackfillRequest | undefined> {
  const key = backfillKey(dataset, runId);
  const stored = await effects.objects.get(key);
  return stored === undefined ? undefined : parseDocument(stored.body, key, BackfillRequest);
}

/**
 * Plans files that were published before, in the order asked for. `nothing-to-do` where the run was published, or
 * waits for a decision.
 */
async function planBackfill(
  effects: Effects,
  { dataset, runId, keys }: BackfillRequest,
  { contract, base }: Pick<PlanParts, 'contract' | 'base'>,
): Promise<Planned> {
  const ledger = await loadLedger(effects, contract, base, runId);
  const withheld = await listWithheld(effects, dataset);
  const isDone = [...ledger.values(), ...withheld].some((one) => one.runId === runId);
  if (isDone) return { status: 'nothing-to-do' };
  const files = await identifyAgain(effects, contract, { keys, ledger });
  const plan = planOf(runId, { contract, base, files, ledger, isBackfill: true }, effects);
  return { status: 'planned', plan };
}

/** Plans all of Bronze for the next generation of the dataset's tables; `nothing-to-do` where the run was published. */
async function planMigration(
  effects: Effects,
  { isAdoption, dataset }: MigrationRequest,
  { contract, base, runId }: Pick<PlanParts, 'contract' | 'base'> & { readonly runId: string },
): Promise<Planned> {
  const pointer = base?.pointer;
  if (base === undefined || pointer === undefined || pointer.generation_run === runId)
    return { status: 'nothing-to-do' };
  if (!(await awaitsMigration(effects, contract, pointer)))
    return {
      status: 'refused',
      why: `The tables of ${contract.dataset} are of version ${pointer.contract_version}, its contract is ${contract.version}: no new major version is to be migrated to.`,
    };
  const begun = await begunMigration(effects, { contract, base, runId });
  if (begun !== undefined) return { status: 'planned', plan: begun };
  const ledger = await loadLedger(effects, contract, base, runId);
  const adoption = isAdoption === true ? await requireAdoption(effects, { dataset, runId }) : undefined;
  const files = await filesToMigrate(effects, { contract, pointer, ledger, adoption });
  const plan = planOf(runId, { contract, base, files, ledger }, effects);
  return { status: 'planned', plan: { ...plan, generation: nextGeneration(pointer) } };
}

/** The plan of a migration that was broken off, where it still holds: it goes on with the chunks that are left. */
async function begunMigration(
  { objects }: Effects,
  {
    contract,
    base,
    runId,
  }: { readonly contract: SourceContract; readonly base: ReadPointer; readonly runId: string },
): Promise<Plan | undefined> {
  const key = planKey(contract.dataset, runId);
  const stored = await objects.get(key);
  const plan = stored === undefined ? undefined : parseDocument(stored.body, key, Plan);
  const isSame =
    plan?.format === RUN_FORMAT && plan.baseEtag === base.etag && plan.contractDigest === contract.digest;
  return isSame ? plan : undefined;
}

/** Identifies files that were read before: their bytes are known, and no repeat of themselves. Their arrivals are the ledger's. */
export async function identifyAgain(
  effects: Effects,
  contract: SourceContract,
  { keys, ledger }: { readonly keys: readonly string[]; readonly ledger: ReadonlyMap<string, LedgerEntry> },
): Promise<PlannedFile[]> {
  const { dataset } = contract;
  const sources = sourcesOf(await listSources(effects, dataset), keys);
  const found = sources.filter((source) => source !== undefined);
  if (found.length < keys.length) {
    const missing = keys.find((_, n) => sources[n] === undefined);
    throw new DataError('SOURCE_MISSING', `${missing} is to be read again, but it is not there.`);
  }
  const files = await identifyFiles(effects, contract, found, { ledger: lookupIn(new Map()), withheld: [] });
  const arrived = files.map((file) => ({ ...file, ...pick(ledger.get(file.key)) }));
  return arrived.sort(byArrival).map((file, index) => ({ ...file, index }));
}

const pick = (entry: LedgerEntry | undefined): Pick<PlannedFile, 'arrivedAt' | 'dialect'> =>
  entry === undefined
    ? {}
    : {
        arrivedAt: entry.arrivedAt,
        ...(entry.dialectDigest === undefined ? {} : { dialect: entry.dialectDigest }),
      };

/** What a plan is made of. */
interface PlanParts {
  readonly contract: SourceContract;
  readonly base: ReadPointer | undefined;
  readonly files: readonly PlannedFile[];
  /** Must have at least the files to be read again. */
  readonly ledger: ReadonlyMap<string, LedgerEntry>;
  readonly isBackfill?: boolean;
  /** How often files were refused of the run. */
  readonly rest?: number | undefined;
}

/** The plan of a run over these files, in chunks, on this base. */
export function planOf(
  runId: string,
  { contract, base, files, ledger, isBackfill, rest }: PlanParts,
  { clock, chunkBytes = CHUNK_BYTES }: Pick<Effects, 'clock' | 'chunkBytes'>,
): Plan {
  const again = new Set(
    files.flatMap((file) => (isBackfill || file.replacesEarlier ? [file.sourceFileId] : [])),
  );
  return {
    format: RUN_FORMAT,
    dataset: contract.dataset,
    runId,
    contractVersion: contract.version,
    contractDigest: contract.digest,
    ...(base === undefined ? {} : { baseEtag: base.etag }),
    baseVersion: base?.pointer.version ?? 0,
    plannedAt: timeAfter(again, ledger, clock.now()),
    files: [...files],
    chunks: cutChunks(files, chunkBytes).map(({ chunk, ...work }) => ({
      chunk: partOfRest(chunk, rest),
      ...work,
    })),
    ...(rest === undefined ? {} : { rest }),
    ...(isBackfill === true ? { isBackfill } : {}),
  };
}

/** Now, or just after the files to be read again were last read, if the clock was set back: the last reading counts. */
function timeAfter(again: ReadonlySet<string>, ledger: ReadonlyMap<string, LedgerEntry>, now: Date): string {
  let ms = now.getTime();
  for (const { sourceFileId, lastAt } of again.size === 0 ? [] : ledger.values())
    if (again.has(sourceFileId)) ms = Math.max(ms, Date.parse(lastAt) + 1);
  return new Date(ms).toISOString();
}

/** The circuit breaker of a dataset, where it is open. */
export async function openBreaker(effects: Effects, dataset: string): Promise<Breaker | undefined> {
  const key = breakerKey(dataset);
  const stored = await effects.objects.get(key);
  const breaker = stored === undefined ? undefined : parseDocument(stored.body, key, Breaker);
  return breaker?.resetAt === undefined ? breaker : undefined;
}

/** Whether a run would take a file up: neither set aside nor dealt with under this contract. */
export function isPending(
  key: string,
  contract: SourceContract,
  ledger: ReadonlyMap<string, LedgerEntry>,
  withheld: readonly Withheld[],
): boolean {
  const isRetry = retryOf(contract.dataset, key) !== undefined;
  const isWithheld = withheld.some(
    (document) =>
      document.keys.includes(key) &&
      (isRetry || document.decision !== 'refused' || document.contractDigest === contract.digest),
  );
  if (isWithheld) return false;
  const entry = ledger.get(key);
  // A retry is taken up once. Records that fail again stay open, for a new retry.
  if (isRetry) return entry === undefined;
  return entry === undefined || isAnotherChance(entry, contract);
}

/** Small files go together, up to so many bytes and files; a larger one is cut into ranges, each a chunk of its own. */
function cutChunks(files: readonly PlannedFile[], chunkBytes: number): PlannedChunk[] {
  const chunks: Omit<PlannedChunk, 'chunk'>[] = [];
  // A chunk's files are of one dialect.
  const opened = new Map<string | undefined, { files: number[]; bytes: number }>();
  for (const { index, sizeBytes, dialect, member } of files.filter(isRead)) {
    const named = dialect === undefined ? {} : { dialect };
    // A file in an archive is read from its beginning.
    if (sizeBytes > chunkBytes && member === undefined) {
      for (const range of cutRanges(sizeBytes, chunkBytes)) chunks.push({ files: [index], range, ...named });
      continue;
    }
    let open = opened.get(dialect);
    if (open === undefined || open.files.length >= CHUNK_FILES || open.bytes + sizeBytes > chunkBytes) {
      open = { files: [], bytes: 0 };
      opened.set(dialect, open);
      chunks.push({ files: open.files, ...named });
    }
    open.files.push(index);
    open.bytes += sizeBytes;
  }
  return chunks.map((chunk, n) => ({ chunk: String(n + 1).padStart(4, '0'), ...chunk }));
}

/** Ranges of about the same size, none larger than so many bytes. */
function cutRanges(sizeBytes: number, chunkBytes: number): { start: number; end: number }[] {
  const count = Math.ceil(sizeBytes / chunkBytes);
  const edge = (n: number): number => Math.floor((sizeBytes / count) * n);
  return Array.from({ length: count }, (_, n) => ({
    start: edge(n),
    end: n === count - 1 ? sizeBytes : edge(n + 1),
  }));
}
