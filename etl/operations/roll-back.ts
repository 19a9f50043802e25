import { join } from 'node:path';
import { loadContracts, requireSourceContract } from '../contract/load-contracts.ts';
import { readParquet, textOf, withEngine } from '../engine/engine.ts';
import { ConfigError } from '../errors.ts';
import { heldKey, planKey, runRecordKey } from '../naming/runs.ts';
import { metadataFolder } from '../naming/tables.ts';
import type { Effects } from '../ports.ts';
import { awaitsMigration } from '../stages/awaits-migration.ts';
import { committedStatus } from '../stages/committed-status.ts';
import { type DatasetState, keptStates, openLedger, statesOf } from '../stages/dataset-history.ts';
import { DATASET_TABLES, type DatasetTable } from '../stages/dataset-tables.ts';
import { recordDecision } from '../stages/decisions.ts';
import { Plan } from '../stages/documents.ts';
import { followCatalog } from '../stages/follow-catalog.ts';
import { readKnownPointer } from '../stages/known-pointer.ts';
import { listWithheld } from '../stages/list-sources.ts';
import { RunRecord, type Withheld } from '../stages/outcomes.ts';
import { refreshGold } from '../stages/refresh-gold.ts';
import { newRunId } from '../stages/run-id.ts';
import type { RunInput } from '../stages/stage.ts';
import { getDocument, parseDocument, putDocument } from '../stages/stored-documents.ts';
import { leaveRefused, readStoredWithheld, refusedOf } from '../stages/withheld.ts';
import { earlierGenerations, followedBy } from '../table/generations.ts';
import { filesOf, openTable } from '../table/lake-table.ts';
import {
  type Generation,
  movePointer,
  type Pointer,
  type ReadPointer,
  type TableState,
} from '../table/pointer.ts';
import { rollBackTable } from '../table/roll-back-table.ts';
import { rewriteRecord, type Word } from './decide-run.ts';
import { rollBackGold } from './roll-back-gold.ts';

/** A run and its files, as the ledger has them. */
export interface LedgerRun {
  readonly runId: string;
  readonly contractDigest: string;
  readonly files: readonly string[];
}

/** What a rollback did. */
export interface RolledBack {
  readonly dataset: string;
  /** Silver's snapshot before, and the one that is current now. */
  readonly from: number;
  readonly to: number;
  /** Version of the pointer. */
  readonly version: number;
  /** Runs whose rows were taken back; their files are set aside. */
  readonly rolledBack: readonly LedgerRun[];
  /** Runs whose rows are there again, where a rollback is undone. */
  readonly restored: readonly LedgerRun[];
  readonly gold: Awaited<ReturnType<typeof refreshGold>>['refreshed'];
}

/**
 * Makes an earlier state of a dataset current again, as a new version of its pointer: Silver, quarantine, condemned
 * and ledger as they were together, and Gold after them. The files of the runs that are taken back are set aside
 * first, so that no run takes them up again by itself. Going forward again to a later state gives them back. A repeat
 * finishes what a killed process left. Throws ConfigError `NO_SNAPSHOT` where no state has that Silver snapshot,
 * `SNAPSHOT_EXPIRED` where it was expired, and ConflictError where a run committed meanwhile.
 */
export async function rollBack(
  effects: Effects,
  { dataset, to }: { readonly dataset: string; readonly to: number },
  word: Word,
): Promise<RolledBack> {
  const contract = requireSourceContract(await loadContracts(effects.contracts), dataset);
  const read = await readKnownPointer(effects.objects, 'silver', dataset);
  const target = read === undefined ? undefined : await findTarget(effects, read.pointer, to);
  if (read === undefined || target === undefined) throw noState(dataset, to);
  const there = { ...read.pointer, tables: tablesOf(target, read.pointer) };
  await requireUnexpired(effects, there, target);
  const id = newRunId(effects.clock.now());
  const before = await ledgerRuns(effects, read.pointer, read.pointer.tables.source_files?.snapshot_id ?? 0);
  const after = await ledgerRuns(effects, there, target.ledger_snapshot_id);
  // Files that a rolled-back run had only read again stay published, as they were read before.
  const published = new Set(after.flatMap(({ files }) => files));
  const rolledBack = without(before, after).map((run) => ({
    ...run,
    files: run.files.filter((file) => !published.has(file)),
  }));
  const restored = without(after, before);
  const from = read.pointer.snapshot_id;
  let pointer = read.pointer;
  if (rolledBack.length > 0 || restored.length > 0 || from !== to) {
    await setAside(effects, dataset, rolledBack, word);
    pointer = await moveBack(effects, read, target, id);
    const details = { from, to, version: pointer.version, rolledBack, restored };
    await recordDecision(effects, { id, kind: 'rolled-back', dataset, ...word, runId: null, details });
  }
  await settle(effects, dataset, after);
  await followCatalog(effects, contract);
  // The inputs of today's Gold are gone.
  if (await awaitsMigration(effects, contract, pointer))
    await rollBackGold(effects, { dataset, snapshotId: to, id });
  const { refreshed } = await refreshGold({ dataset, runId: id }, effects);
  return { dataset, from, to, version: pointer.version, rolledBack, restored, gold: refreshed };
}

/**
 * The newest state with that Silver snapshot: the current one if Silver is there already; for an expired one, what is
 * kept of it.
 */
async function findTarget(effects: Effects, pointer: Pointer, to: number): Promise<Target | undefined> {
  const ledger = await openLedger(effects, pointer);
  const states = ledger === undefined ? [] : statesOf(ledger);
  const now = states.find((state) => state.ledger_snapshot_id === pointer.tables.source_files?.snapshot_id);
  if (now?.snapshot_id === to) return now;
  const isWanted = ({ snapshot_id }: DatasetState): boolean => snapshot_id === to;
  const known = states.findLast(isWanted);
  if (known !== undefined) return known;
  for (const generation of earlierGenerations(pointer).reverse()) {
    const before = await openLedger(effects, { ...pointer, tables: generation.tables });
    const found = (before === undefined ? [] : statesOf(before)).findLast(isWanted);
    if (found !== undefined) return { ...found, generation };
  }
  return (await keptStates(effects, pointer.dataset)).findLast(isWanted);
}

/** A state to go back to, and its generation of the tables, if that isn't the current one. */
type Target = DatasetState & { readonly generation?: Generation };

/** The tables that the state is of. */
const tablesOf = ({ generation }: Target, pointer: Pointer): Pointer['tables'] =>
  generation?.tables ?? pointer.tables;

/** The runs of which a snapshot of the ledger knows, in order of their ids. */
async function ledgerRuns(effects: Effects, pointer: Pointer, snapshotId: number): Promise<LedgerRun[]> {
  const state = pointer.tables.source_files;
  if (state === undefined) return [];
  const table = await openTable(effects.objects, state);
  const files = await filesOf(table, snapshotId);
  if (files.length === 0) return [];
  const paths = await Promise.all(files.map((file) => effects.data.localPath(file.key)));
  const scratch = await effects.openScratch('ledger');
  try {
    const rows = await withEngine(effects.engine, join(scratch.directory, 'spill'), (engine) =>
      engine.rows(
        `SELECT run_id, min(contract_digest) AS contract_digest, list(source_file ORDER BY source_file) AS files
         FROM ${readParquet(paths)} GROUP BY run_id ORDER BY run_id`,
      ),
    );
    return rows.map((row) => ({
      runId: textOf(row, 'run_id'),
      contractDigest: textOf(row, 'contract_digest'),
      files: Array.isArray(row.files) ? row.files.map(String) : [],
    }));
  } finally {
    await scratch.dispose();
  }
}

function without(runs: readonly LedgerRun[], others: readonly LedgerRun[]): LedgerRun[] {
  const known = new Set(others.map(({ runId }) => runId));
  return runs.filter(({ runId }) => !known.has(runId));
}

/**
 * Call it before the pointer moves: a process that dies in between leaves files waiting that are still published, and
 * none is published twice.
 */
async function setAside(
  effects: Effects,
  dataset: string,
  runs: readonly LedgerRun[],
  { by, reason }: Word,
): Promise<void> {
  const at = effects.clock.now().toISOString();
  for (const { runId, contractDigest, files } of runs) {
    const before = await readStoredWithheld(effects.objects, { dataset, runId });
    const withheld: Withheld = {
      dataset,
      runId,
      decision: 'rolled-back',
      contractDigest,
      sealDigest: '',
      keys: [...files],
      why: [`rolled back by ${by}: ${reason}`],
      at,
      ...refusedOf(before?.withheld),
    };
    await putDocument(effects.objects, heldKey(dataset, runId), withheld);
  }
}

async function moveBack(
  effects: Effects,
  { pointer, etag }: ReadPointer,
  target: Target,
  id: string,
): Promise<Pointer> {
  const now = effects.clock.now();
  const tables: Record<string, TableState> = {};
  const from = tablesOf(target, pointer);
  for (const layer of DATASET_TABLES) {
    const state = from[layer];
    const snapshotId = snapshotOf(target, layer);
    if (state === undefined || snapshotId === undefined) continue;
    const table = await openTable(effects.objects, state);
    tables[layer] = await rollBackTable({
      objects: effects.objects,
      table,
      state,
      snapshotId,
      keyPrefix: metadataFolder(table.root),
      nowMs: now.getTime(),
      attempt: `${id}:${layer}:${etag}`,
    });
  }
  const { run_id, seal_digest, contract_version, contract_digest } = target;
  const { generation_run, ...kept } = pointer;
  const next: Pointer = {
    ...kept,
    ...(target.generation !== undefined || generation_run === undefined ? {} : { generation_run }),
    version: pointer.version + 1,
    snapshot_id: target.snapshot_id,
    metadata_location: tables.silver?.metadata_location ?? pointer.metadata_location,
    run_id,
    execution: id,
    seal_digest,
    contract_version,
    contract_digest,
    committed_at: now.toISOString(),
    tables,
  };
  await movePointer(effects.objects, 'silver', { ...next, ...generationsAfter(target, pointer, now) }, etag);
  return next;
}

/** The restored generation follows the current one. */
function generationsAfter({ generation }: Target, pointer: Pointer, now: Date): Partial<Pointer> {
  if (generation === undefined) return {};
  const { generation: number, generation_run: runId } = generation;
  return followedBy(pointer, {
    generation: number,
    ...(runId === undefined ? {} : { runId }),
    at: now.toISOString(),
  });
}

function snapshotOf(target: Target, layer: DatasetTable): number | undefined {
  return layer === 'source_files' ? target.ledger_snapshot_id : target.tables[layer];
}

/**
 * Updates the runs' records to match the ledger: gives back files that are in it, marks the other runs as rolled back.
 */
async function settle(effects: Effects, dataset: string, published: readonly LedgerRun[]): Promise<void> {
  const known = new Set(published.map(({ runId }) => runId));
  for (const { runId, decision, why } of await listWithheld(effects, dataset)) {
    const isRecorded = (await effects.objects.get(runRecordKey(dataset, runId))) !== undefined;
    if (decision !== 'rolled-back') continue;
    if (known.has(runId)) {
      if (isRecorded) await restoreRecord(effects, { dataset, runId });
      await leaveRefused(effects.objects, { dataset, runId });
    } else if (isRecorded) {
      await rewriteRecord(effects, { dataset, runId }, { status: 'rolled-back', why });
    }
  }
}

/** Restores the former status of a run whose rows are back: promoted only if it published any. */
async function restoreRecord(effects: Effects, run: RunInput): Promise<void> {
  const key = runRecordKey(run.dataset, run.runId);
  const { files } = await getDocument(effects.objects, key, RunRecord);
  const planned = planKey(run.dataset, run.runId);
  const stored = await effects.objects.get(planned);
  const plan = stored === undefined ? undefined : parseDocument(stored.body, planned, Plan);
  await rewriteRecord(effects, run, { status: committedStatus(plan, files), why: [] });
}

/** Throws if the state's snapshots are gone, before any change: states outlive them. */
async function requireUnexpired(effects: Effects, pointer: Pointer, target: Target): Promise<void> {
  for (const layer of DATASET_TABLES) {
    const state = pointer.tables[layer];
    const wanted = snapshotOf(target, layer);
    if (wanted === undefined) continue;
    // Of a generation that was expired only the ledger and the condemned records are left.
    const snapshots = state === undefined ? [] : (await openTable(effects.objects, state)).metadata.snapshots;
    if (wanted === 0 || snapshots.some((one) => one['snapshot-id'] === wanted)) continue;
    const { dataset } = pointer;
    throw new ConfigError(
      'SNAPSHOT_EXPIRED',
      `${dataset} can't go back to snapshot ${target.snapshot_id} from ${target.committed_at}: ${layer === 'silver' ? 'it' : `its ${layer} table`} was expired. 'assay snapshots ${dataset}' lists those that are left.`,
      { context: { dataset, snapshot: target.snapshot_id } },
    );
  }
}

function noState(dataset: string, to: number): ConfigError {
  return new ConfigError(
    'NO_SNAPSHOT',
    `${dataset} has no Silver snapshot ${to} to go back to: 'assay snapshots ${dataset}' lists those there are.`,
    { context: { dataset, snapshot: to } },
  );
}
