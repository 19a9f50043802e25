import { join } from 'node:path';
import { bySize } from '../by-size.ts';
import type { Contract, SourceContract } from '../contract/contract.ts';
import { type LoadedContracts, loadContracts, requireContract } from '../contract/load-contracts.ts';
import { madeOf } from '../contract/made-of.ts';
import { type Engine, integerOf, readParquet, withEngine } from '../engine/engine.ts';
import { messageOf } from '../errors.ts';
import { bronzePrefix } from '../naming/bronze.ts';
import { tableName } from '../naming/datasets.ts';
import { retriesPrefix } from '../naming/decisions.ts';
import { adoptionKey } from '../naming/generations.ts';
import { tableRoot } from '../naming/tables.ts';
import { putBack } from '../operations/put-back.ts';
import type { Effects, Scratch, SetEngine } from '../ports.ts';
import { createLakeViews } from '../query/lake-views.ts';
import { sealedEngine } from '../refining/sealed-reading.ts';
import { loadRepeatSpans } from '../repeats/load-repeats.ts';
import { readAdoption } from '../stages/adopted-files.ts';
import { waitingDatasets } from '../stages/awaits-migration.ts';
import { findState } from '../stages/dataset-history.ts';
import { TABLES_OF } from '../stages/dataset-tables.ts';
import { withPublished } from '../stages/kept-contracts.ts';
import { readKnownPointer } from '../stages/known-pointer.ts';
import { rootsOfAll, tablesOfAll } from '../table/generations.ts';
import { filesOf, openTable } from '../table/lake-table.ts';
import type { Pointer } from '../table/pointer.ts';
import { auditContracts } from './audit-contracts.ts';
import { auditExtras } from './audit-extras.ts';
import { auditGold } from './audit-gold.ts';
import { auditKeys } from './audit-keys.ts';
import { auditLetGo } from './audit-let-go.ts';
import { auditProjection } from './audit-projection.ts';
import { auditRecords, auditStrays } from './audit-records.ts';
import { auditSeals } from './audit-seals.ts';
import { auditSources } from './audit-sources.ts';
import { auditTables } from './audit-tables.ts';
import { type LedgerFile, lastReads, ledgerFiles } from './ledger-files.ts';
import type { Problem } from './problem.ts';

/** What an audit looked at, and what it found. */
export interface DatasetAudit {
  readonly dataset: string;
  readonly layer: Contract['layer'];
  /** Version of the pointer; 0 where nothing was ever published. */
  readonly version: number;
  readonly checked: {
    readonly snapshots: number;
    readonly files: number;
    readonly seals: number;
    readonly sourceFiles: number;
    readonly records: number;
  };
  /** Objects that readers don't see and that nothing needs. */
  readonly unusedFiles: number;
  /** Who compared keys or computed Gold, where that was not DuckDB. */
  readonly engine?: SetEngine['name'];
  readonly problems: readonly Problem[];
}

/**
 * Source files, and their bytes, that are read again at once: each time, all of Silver is looked through, and the batch's
 * records lie in memory or on the disk. A larger file is read by itself.
 */
const BATCH_FILES = 500;
const BATCH_BYTES = 2 * 1024 ** 3;

const NOTHING = { snapshots: 0, files: 0, seals: 0, sourceFiles: 0, records: 0 };

/**
 * Audits a dataset, or a Gold table, from the files themselves: pointer, snapshots and every file they name; the digests
 * of source files and seals; conservation of every record, read anew; Gold, computed anew; and projections, folded anew. Changes nothing. With a
 * run, source files and seals of that run alone. What is found is data, no error.
 */
export async function auditDataset(
  effects: Effects,
  { dataset, runId }: { readonly dataset: string; readonly runId?: string },
): Promise<DatasetAudit> {
  const all = await loadContracts(effects.contracts);
  const today = requireContract(all, dataset);
  const own = today.layer === 'silver' ? [dataset] : madeOf(today);
  // Tables that wait for a new major version are audited under the old one.
  // An unreadable pointer is reported below.
  const waiting = await waitingDatasets(effects, all, own).catch(() => []);
  const contracts = await Promise.all(
    [...new Set([dataset, ...own])].map((one) => auditContracts(effects.objects, one)),
  );
  const unread = contracts.flat();
  const loaded = unread.length > 0 ? all : await withPublished(effects.objects, all, waiting);
  const contract = requireContract(loaded, dataset);
  const { layer } = contract;
  const head = { dataset, layer };
  let pointer: Pointer | undefined;
  try {
    pointer = (await readKnownPointer(effects.objects, layer, dataset))?.pointer;
  } catch (error) {
    const problem: Problem = { code: 'POINTER', key: tableName(layer, dataset), problem: messageOf(error) };
    return { ...head, version: 0, checked: NOTHING, unusedFiles: 0, problems: [problem] };
  }
  const sizes = await storedSizes(effects, contract, pointer);
  if (pointer === undefined) return { ...head, version: 0, checked: NOTHING, unusedFiles: 0, problems: [] };
  const tables = await auditTables(effects, pointer, sizes);
  const roots = [...rootsOf(contract), ...rootsOfAll(pointer)];
  const stored = [...sizes.keys()].filter((key) => roots.some((root) => key.startsWith(`${root}/`)));
  const extras = await auditExtras(effects, dataset, stored, tables.named);
  const isWaiting = waiting.length > 0;
  const { damaged } = tables;
  // What was published can't be read as it was meant without the texts that say how.
  const content: ContentAudit =
    unread.length > 0
      ? { problems: unread }
      : await auditContent(effects, { loaded, isWaiting, contract, pointer, sizes, damaged, runId });
  const { problems, by, ...counts } = content;
  return {
    ...head,
    version: pointer.version,
    checked: { ...NOTHING, snapshots: tables.snapshots, files: tables.named.size, ...counts },
    unusedFiles: extras.unused.length,
    ...(by === undefined ? {} : { engine: by }),
    problems: [
      ...tables.problems,
      ...(await auditPutBack(effects, contract, pointer)),
      ...extras.problems,
      ...problems,
      ...(runId === undefined ? await unfinishedAdoption(effects, pointer) : []),
    ],
  };
}

/** A pointer that is one of before: readers see what was published last no more. */
async function auditPutBack(effects: Effects, contract: Contract, pointer: Pointer): Promise<Problem[]> {
  const { layer, dataset } = contract;
  const problem = await putBack(effects, contract, pointer);
  return problem === undefined ? [] : [{ code: 'POINTER', key: tableName(layer, dataset), problem }];
}

/** A dataset that was adopted, and of which something is still there in the clear. */
async function unfinishedAdoption(effects: Effects, pointer: Pointer): Promise<Problem[]> {
  const { dataset, generation_run: runId } = pointer;
  const begun = runId === undefined ? undefined : await readAdoption(effects, { dataset, runId });
  if (begun === undefined) return [];
  const problem = `what holds its values in the clear was not all removed: 'assay privacy adopt ${dataset}' goes on`;
  return [{ code: 'CLEAR_VALUES', key: adoptionKey(dataset, begun.runId), problem }];
}

const rootsOf = ({ layer, dataset }: Contract): string[] =>
  TABLES_OF[layer].map((one) => tableRoot(one, dataset));

async function storedSizes(
  effects: Effects,
  contract: Contract,
  pointer: Pointer | undefined,
): Promise<Map<string, number>> {
  const sources =
    contract.layer === 'silver' ? [bronzePrefix(contract.dataset), retriesPrefix(contract.dataset)] : [];
  const roots = new Set([...rootsOf(contract), ...(pointer === undefined ? [] : rootsOfAll(pointer))]);
  const prefixes = [...[...roots].map((root) => `${root}/`), ...sources];
  const listed = await Promise.all(prefixes.map((prefix) => effects.objects.list(prefix)));
  return new Map(listed.flat().map(({ key, sizeBytes }) => [key, sizeBytes]));
}

interface Content {
  readonly loaded: LoadedContracts;
  readonly isWaiting: boolean;
  readonly contract: Contract;
  readonly pointer: Pointer;
  readonly sizes: ReadonlyMap<string, number>;
  readonly damaged: ReadonlySet<string>;
  readonly runId: string | undefined;
}

interface ContentAudit {
  readonly problems: Problem[];
  readonly by?: SetEngine['name'];
  readonly seals?: number;
  readonly sourceFiles?: number;
  readonly records?: number;
}

/** The checks that must read the files' contents. */
async function auditContent(effects: Effects, content: Content): Promise<ContentAudit> {
  const { contract, loaded, isWaiting, pointer } = content;
  const scratch = await effects.openScratch('audit');
  try {
    const limits = contract.layer === 'silver' ? sealedEngine(effects.engine, contract) : effects.engine;
    return await withEngine(limits, join(scratch.directory, 'spill'), async (engine) => {
      const unreadable = await checkDataFiles(engine, effects, content);
      // An unreadable file would fail conservation again, for each of its records.
      if (unreadable.length > 0 || content.damaged.size > 0) return { problems: unreadable };
      if (contract.layer === 'gold')
        return await auditGold({ engine, effects, loaded, isWaiting }, contract, pointer);
      if (contract.layer === 'projection')
        return { problems: await auditProjection({ engine, effects, scratch }, contract, pointer) };
      return await auditSilver({ engine, effects, scratch, contract }, content);
    });
  } finally {
    await scratch.dispose();
  }
}

/** Checks each live data file's row count; cut or overwritten Parquet fails to read. */
async function checkDataFiles(
  engine: Engine,
  effects: Effects,
  { pointer, damaged }: Content,
): Promise<Problem[]> {
  const problems: Problem[] = [];
  for (const { state } of tablesOfAll(pointer)) {
    try {
      for (const file of await filesOf(await openTable(effects.objects, state))) {
        if (damaged.has(file.key)) continue;
        const problem = await readCount(engine, effects, file.key, file.recordCount);
        if (problem !== undefined) problems.push({ code: 'TAMPERED_FILE', key: file.key, problem });
      }
    } catch {
      // Unreadable metadata is reported already.
    }
  }
  return problems;
}

async function readCount(
  engine: Engine,
  effects: Effects,
  key: string,
  expected: number,
): Promise<string | undefined> {
  try {
    const from = readParquet([await effects.data.localPath(key)]);
    // Every value is read, and not only the footer.
    const [row = {}] = await engine.rows(`SELECT count(*) AS n, bit_xor(hash(t)) AS bits FROM ${from} AS t`);
    const n = integerOf(row, 'n');
    return n === expected ? undefined : `it was written with ${expected} records and has ${n}`;
  } catch (error) {
    return `it can't be read: ${messageOf(error)}`;
  }
}

interface SilverAudit {
  readonly engine: Engine;
  readonly effects: Effects;
  readonly scratch: Scratch;
  readonly contract: SourceContract;
}

async function auditSilver(audit: SilverAudit, { pointer, sizes, runId }: Content): Promise<ContentAudit> {
  const { engine, effects, contract } = audit;
  const { dataset } = contract;
  const state = pointer.tables.source_files;
  if (state === undefined) return { problems: [] };
  const ledger = await openTable(effects.objects, state);
  const all = await ledgerFiles(engine, effects, ledger);
  const files = runId === undefined ? all : all.filter((file) => file.runId === runId);
  await createLakeViews(engine, effects, tableName('silver', dataset), { kind: 'now' });
  await loadRepeatSpans(engine, {
    ...{ data: effects.data, dataset },
    ledger: `SELECT * FROM ${tableName('source_files', dataset)}`,
  });
  const problems = await auditSources(effects, dataset, files, sizes);
  const seals = await auditSeals(engine, effects, dataset, files);
  problems.push(...seals.problems, ...(await checkHistory(effects, pointer)));
  const unsound = new Set(problems.map(({ key }) => key));
  let records = 0;
  const last = lastReads(all);
  const accepted = files.filter(
    (file) => file.status === 'accepted' && last.has(file) && !unsound.has(file.key),
  );
  // Files of an archive are small, and count by their number.
  const sizeOf = ({ key }: LedgerFile): number => sizes.get(key) ?? 0;
  for (const batch of bySize(accepted, { sizeOf, limitBytes: BATCH_BYTES, limitCount: BATCH_FILES })) {
    const found = await auditRecords(audit, batch);
    problems.push(...found.problems);
    records += found.records;
  }
  const counts = { seals: seals.seals, sourceFiles: files.length, records };
  if (runId !== undefined) return { problems, ...counts };
  problems.push(...(await auditStrays(engine, dataset)), ...(await auditLetGo(engine, effects, pointer)));
  const silver = pointer.tables.silver;
  if (silver === undefined) return { problems, ...counts };
  const keys = await auditKeys({ ...audit, table: await openTable(effects.objects, silver) });
  problems.push(...keys.problems);
  return { problems, ...counts, ...(keys.by === undefined ? {} : { by: keys.by }) };
}

/** Checks that pointer and ledger snapshot name the same seal and tables. */
async function checkHistory(effects: Effects, pointer: Pointer): Promise<Problem[]> {
  const ledger = pointer.tables.source_files?.snapshot_id;
  const state = await findState(effects, pointer.dataset, (one) => one.ledger_snapshot_id === ledger);
  if (state === undefined) return [];
  const isSame =
    state.seal_digest === pointer.seal_digest &&
    Object.entries(state.tables).every(([layer, id]) => pointer.tables[layer]?.snapshot_id === id);
  const problem = 'the pointer names tables that were never committed together, or another seal';
  return isSame ? [] : [{ code: 'POINTER', key: tableName('silver', pointer.dataset), problem }];
}
