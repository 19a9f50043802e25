import { join } from 'node:path';
import { z } from 'zod';
import { carriedRows } from '../closing/carried-rows.ts';
import { monthIndex } from '../closing/month.ts';
import { setClosedApart } from '../closing/set-closed-apart.ts';
import type { Contract, GoldContract } from '../contract/contract.ts';
import { loadContracts } from '../contract/load-contracts.ts';
import { type Engine, withEngine } from '../engine/engine.ts';
import { writeDataFiles } from '../engine/write-data-files.ts';
import { ConflictError } from '../errors.ts';
import { tellPublished } from '../events/tell-published.ts';
import { type CarriedRanges, carryFrom } from '../gold/carry-from.ts';
import { checkGold } from '../gold/check-gold.ts';
import { comparableWith } from '../gold/comparable.ts';
import { consentMonths } from '../gold/consent-months.ts';
import { FailedTables } from '../gold/failed-tables.ts';
import { goldDigest } from '../gold/gold-digest.ts';
import { makeMonths } from '../gold/make-months.ts';
import { affectedRanges, type GoldInput, inputMonths } from '../gold/months.ts';
import { openGold } from '../gold/open-gold.ts';
import { openMonths } from '../gold/open-months.ts';
import { findRestatements, refuseKeptKeys } from '../gold/rebuild.ts';
import { type RefreshMeter, startMeter } from '../gold/refresh-meter.ts';
import { RefreshedTable } from '../gold/refreshed.ts';
import { NONE_WAIT, splitRestated, tellRestatements } from '../gold/tell-restatements.ts';
import { tableName } from '../naming/datasets.ts';
import { runFolder } from '../naming/tables.ts';
import { refreshKey } from '../naming/upkeep.ts';
import { tellComplete } from '../openlineage/tell-run.ts';
import type { Effects, Scratch, SetEngine } from '../ports.ts';
import { FailedProjection, RefreshedProjection } from '../projecting/refreshed-projection.ts';
import { type Closing, closedMonths } from '../table/closings.ts';
import { filesOf, openTable } from '../table/lake-table.ts';
import { readPointer } from '../table/pointer.ts';
import type { DataFile } from '../table/schema.ts';
import { awaitsMigration } from './awaits-migration.ts';
import { boundedColumns } from './bounded-columns.ts';
import { commitGold, type GoldHead } from './commit-gold.ts';
import { followCatalog } from './follow-catalog.ts';
import { withPublished } from './kept-contracts.ts';
import { readKnownPointer } from './known-pointer.ts';
import { refreshProjections } from './refresh-projections.ts';
import { defineStage, RunInput } from './stage.ts';
import { putDocument } from './stored-documents.ts';

/** How often a lost race is run again before it becomes the state machine's to handle. */
const ATTEMPTS = 5;

const RefreshOutput = RunInput.extend({
  refreshed: z.array(RefreshedTable),
  projections: z.array(RefreshedProjection),
  failed: z.array(FailedProjection),
});

/**
 * Brings every Gold table that reads the dataset up to its current Silver snapshot, rebuilding only the months
 * that changed since Gold was last made, from the files that its SQL leaves for them; a new contract or SQL rebuilds all. What was restated is kept, old value
 * beside new; closed months stay as they are, and what would change them waits; the catalog follows, and programs are told
 * of what was published. A table that can't be made stays as it was and keeps no other one back; which, and why, is thrown
 * at the end. Then the projections of its events follow. A repeat, or a run after one that died here, does what is left to do.
 */
export const refreshGold = defineStage({
  name: 'refresh-gold',
  input: RunInput,
  output: RefreshOutput,
  run: async ({ dataset, runId }, effects) => {
    const { contracts } = await loadContracts(effects.contracts);
    const refreshed: RefreshedTable[] = [];
    const broken = new FailedTables();
    for (const contract of contracts.values()) {
      if (contract.layer !== 'gold' || !contract.inputs.includes(dataset)) continue;
      await broken.attempt(async () => {
        const done = await withRetries(() => refreshTable(contract, { dataset, runId }, effects));
        if (done !== undefined) refreshed.push(done);
      });
      await followCatalog(effects, contract);
    }
    const { projections, failed } = await refreshProjections(effects, { dataset, runId });
    // All publications end here.
    await tellPublished(effects, { dataset, runId });
    broken.throwAny();
    await tellComplete(effects, { dataset, runId }, { refreshed, projections, failed });
    return { dataset, runId, refreshed, projections: [...projections], failed: [...failed] };
  },
});

async function withRetries<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof ConflictError) || attempt === ATTEMPTS) throw error;
    }
  }
}

/** What a Gold table is made from now, and what it was made from. */
interface GoldState extends GoldHead {
  readonly inputs: ReadonlyMap<string, GoldInput>;
  /** Inputs whose tables wait for a new major version of their contract: they have the shape that was published. */
  readonly waiting: readonly string[];
}

async function refreshTable(
  contract: GoldContract,
  run: RunInput,
  effects: Effects,
): Promise<RefreshedTable | undefined> {
  const meter = startMeter(effects.clock);
  const state = await readState(contract, effects);
  if (state === undefined) return undefined;
  const rebuildAll =
    state.pointer?.pointer.contract_digest !== state.digest || [...state.inputs.values()].some(isForgotten);
  const unchanged = [...state.inputs.values()].every((input) => input.snapshotId === input.lastSnapshotId);
  if (unchanged && !rebuildAll) return undefined;
  const isOther = state.pointer !== undefined && state.pointer.pointer.contract_digest !== state.digest;
  // Where consents kept a table from going back with its input, its SQL is today's, and may not read that.
  const isKept = contract.purpose !== undefined && state.waiting.some((input) => isBehind(state, input));
  // Today's SQL is for migrated inputs; it can't read the current ones.
  if (state.waiting.length > 0 && (isOther || isKept)) return undefined;
  const inputs = [...state.inputs.values()].map((input) =>
    rebuildAll ? { ...input, lastSnapshotId: undefined } : input,
  );
  const goldMonths = new Set(state.files.flatMap(({ month }) => (month === undefined ? [] : [month])));
  const months = await inputMonths(inputs);
  const closed = closedMonths(state.pointer?.pointer ?? {}).map(({ month }) => monthIndex(month));
  if (rebuildAll) for (const month of [...goldMonths, ...closed]) months.changed.add(month);
  const scratch = await effects.openScratch(`gold-${run.runId}`);
  try {
    return await withEngine(effects.engine, join(scratch.directory, 'spill'), async (engine) => {
      const { contracts } = await loadContracts(effects.contracts);
      const changes = { engine, data: effects.data, contracts, inputs: state.inputs };
      for (const month of await consentMonths(changes, contract)) months.changed.add(month);
      const { files, pointer } = state;
      const published = { effects, engine, contract, files, closings: pointer?.pointer.closings ?? [] };
      const affected = affectedRanges(contract.affects, months, goldMonths);
      // What carried figures were made from may be gone: then nothing is carried.
      const made = rebuildAll ? { ranges: affected, carried: [] } : await carryFrom(published, affected);
      return await rebuildTable({ ...{ effects, engine, scratch, run, state, meter }, ...made });
    });
  } finally {
    await scratch.dispose();
  }
}

/** Whether Gold was last made from other tables of an input than its current ones. */
const isBehind = ({ inputs }: GoldState, name: string): boolean => {
  const input = inputs.get(name);
  return input !== undefined && isForgotten(input);
};

/** Whether what Gold was last made from can't be compared with any more. */
function isForgotten({ table, lastSnapshotId: last }: GoldInput): boolean {
  return last !== undefined && !table.metadata.snapshots.some((one) => one['snapshot-id'] === last);
}

/** Reads where everything stands; undefined while an input was never published. */
async function readState(contract: GoldContract, effects: Effects): Promise<GoldState | undefined> {
  const pointer = await readKnownPointer(effects.objects, 'gold', contract.dataset);
  const inputs = new Map<string, GoldInput>();
  const { contracts } = await loadContracts(effects.contracts);
  const waiting: string[] = [];
  for (const input of contract.inputs) {
    const read = await readPointer(effects.objects, 'silver', input);
    const state = read?.pointer.tables.silver;
    if (read === undefined || state === undefined) return undefined;
    const source = contracts.get(input);
    if (source?.layer === 'silver' && (await awaitsMigration(effects, source, read.pointer)))
      waiting.push(input);
    const table = await openTable(effects.objects, state);
    inputs.set(input, {
      table,
      snapshotId: state.snapshot_id,
      lastSnapshotId: pointer?.pointer.inputs?.[input],
    });
  }
  const sql = await effects.contracts.sql(contract.sql);
  const opened = await openGold(effects.objects, contract, pointer?.pointer);
  return { contract, sql, digest: goldDigest(contract, sql), pointer, inputs, waiting, ...opened };
}

/** One rebuild's work. */
interface Rebuild extends CarriedRanges {
  readonly effects: Effects;
  readonly engine: Engine;
  readonly scratch: Scratch;
  readonly run: RunInput;
  readonly state: GoldState;
  readonly meter: RefreshMeter;
}

async function rebuildTable(rebuild: Rebuild): Promise<RefreshedTable> {
  const { effects, engine, run, state, ranges } = rebuild;
  const { contract, pointer, inputs } = state;
  const isMade = (month: number): boolean => ranges.some(({ from, to }) => month >= from && month <= to);
  const closed = closedMonths(pointer?.pointer ?? {}).filter(({ month }) => isMade(monthIndex(month)));
  const isClosed = new Set(closed.map(({ month }) => monthIndex(month)));
  const allClosed = new Set(closedMonths(pointer?.pointer ?? {}).map(({ month }) => monthIndex(month)));
  // A row that left a closed month is there as closed, and in its new month.
  const isOfClosed = ({ month }: DataFile): boolean => month !== undefined && allClosed.has(month);
  const affected = state.files.filter(({ month }) => month !== undefined && isMade(month));
  const old = affected.filter(({ month }) => month === undefined || !isClosed.has(month));
  let added: DataFile[] = [];
  let found = NOTHING_FOUND;
  let by: SetEngine['name'] | undefined;
  if (ranges.length > 0) {
    const loaded = await loadContracts(effects.contracts);
    const { contracts } = await withPublished(effects.objects, loaded, state.waiting);
    // First without data: an error's text then quotes no values.
    await checkGold(engine, contract, { sql: state.sql, contracts });
    by = await makeTable(rebuild, contracts);
    found = await findChanges(rebuild, affected, closed);
    const kept = state.files.filter((file) => !old.includes(file) && !isOfClosed(file));
    await refuseKeptKeys(engine, contract, () => pathsOf(effects, kept));
    // A dead refresh must be traceable from its files, even without a run's record.
    await putDocument(effects.objects, refreshKey(contract.dataset, run.runId), { ...run });
    added = await writeRebuilt(rebuild, closed);
  }
  const snapshots = snapshotsOf(inputs);
  const removed = new Set(old.map(({ key }) => key));
  const cost = rebuild.meter.summary();
  await commitGold({ effects, run, state, snapshots, closings: found.closings, cost }, added, removed);
  return {
    table: tableName('gold', contract.dataset),
    months: ranges.reduce((sum, { from, to }) => sum + to - from + 1, 0),
    rows: added.reduce((sum, file) => sum + file.recordCount, 0),
    restated: found.restated,
    restatedMonths: [...found.months],
    waiting: found.waiting,
    ...(by === undefined ? {} : { by }),
  };
}

/** What is different from what readers see. */
interface Changes {
  readonly restated: number;
  readonly months: readonly string[];
  readonly waiting: { readonly month: string; readonly id: string }[];
  /** The pointer's, as they are to be. */
  readonly closings?: readonly Closing[];
}

const NOTHING_FOUND: Changes = { restated: 0, months: [], waiting: [] };

/** Finds what the table `rebuilt` changes, takes closed months out of it, and tells people. */
async function findChanges(
  rebuild: Rebuild,
  affected: readonly DataFile[],
  closed: readonly Closing[],
): Promise<Changes> {
  const { effects, engine, scratch, run, state } = rebuild;
  const { contract, pointer, inputs } = state;
  const snapshotId = inputs.get(run.dataset)?.snapshotId ?? 0;
  await findRestated(rebuild, affected);
  const closings = pointer?.pointer.closings;
  const refresh = { effects, engine, scratch, contract, runId: run.runId, snapshotId };
  const apart =
    closings === undefined
      ? undefined
      : await setClosedApart({ ...refresh, inputs: snapshotsOf(inputs) }, closings, closed);
  const open = await openMonths(state.table, affected);
  const { restated, told, months } = await splitRestated(engine, open, apart ?? NONE_WAIT);
  const telling = { effects, engine, scratch, contract, run, snapshotId };
  if (told > 0 || (apart?.news.length ?? 0) > 0) await tellRestatements(telling, apart ?? NONE_WAIT);
  return {
    restated,
    months,
    waiting: (apart?.news ?? []).map((month) => ({ month, id: apart?.waiting.get(month) ?? '' })),
    ...(apart === undefined ? {} : { closings: apart.closings }),
  };
}

const snapshotsOf = (inputs: ReadonlyMap<string, GoldInput>): Record<string, number> =>
  Object.fromEntries([...inputs].map(([input, { snapshotId }]) => [input, snapshotId]));

/** What the rebuilt months restate: of the files that make room, or of the generation that readers see. */
async function findRestated({ effects, engine, state }: Rebuild, old: readonly DataFile[]): Promise<void> {
  const { contract, anew } = state;
  const comparable = anew === undefined ? contract : comparableWith(contract, anew.before.metadata);
  const files = anew === undefined ? old : await filesOf(anew.before);
  // Figures of before may be of those who withdrew their consent, and are told nowhere.
  const isTold = comparable !== undefined && contract.purpose === undefined;
  const known = isTold ? await pathsOf(effects, files) : [];
  await findRestatements(engine, comparable ?? contract, known);
}

/** Makes the table `rebuilt`; returns who computed it, where it was not DuckDB. */
async function makeTable(
  { effects, engine, run, state, ranges, carried, meter }: Rebuild,
  contracts: ReadonlyMap<string, Contract>,
): Promise<SetEngine['name'] | undefined> {
  const inputs = await Promise.all(
    [...state.inputs].map(async ([dataset, { table, snapshotId }]) => ({
      dataset,
      table,
      files: await filesOf(table, snapshotId),
    })),
  );
  const { contract, sql } = state;
  const snapshots = new Map([...state.inputs].map(([dataset, { snapshotId }]) => [dataset, snapshotId]));
  const sets = effects.sets && { sets: { work: effects.sets, run, snapshots } };
  const made = await makeMonths({
    ...{ effects, engine, contract, contracts, sql, inputs, ranges, carried, ...sets },
  });
  meter.read(made.readBytes);
  if (made.by !== undefined) meter.computedBy(made.by);
  return made.by;
}

function pathsOf(effects: Effects, files: readonly DataFile[]): Promise<string[]> {
  return Promise.all(files.map((file) => effects.data.localPath(file.key)));
}

async function writeRebuilt(
  { effects, engine, scratch, run, state }: Rebuild,
  closed: readonly Closing[],
): Promise<DataFile[]> {
  const { contract, inputs, table, anew } = state;
  const snapshot = inputs.get(run.dataset)?.snapshotId ?? 0;
  const root = runFolder(table.root, contract.version, run.runId);
  // Its own part name for each state it builds on, so that a refresh that lost a race overwrites nothing.
  const part = `${String(state.pointer?.pointer.version ?? 0).padStart(6, '0')}`;
  // A table made anew takes over the closed rows of the one before.
  const carried = anew === undefined ? [] : await carriedRows({ effects, engine, contract }, closed);
  const made = `SELECT *, CAST(${snapshot} AS BIGINT) AS silver_snapshot_id FROM rebuilt`;
  const select = `SELECT * FROM (${[made, ...carried].join(' UNION ALL BY NAME ')}) ORDER BY ALL`;
  return writeDataFiles(select, {
    engine,
    data: effects.data,
    scratch,
    table,
    root,
    part,
    partitionColumn: contract.partitionColumn,
    bounded: boundedColumns(contract, 'gold'),
  });
}
