import { join } from 'node:path';
import { z } from 'zod';
import type { Contract, GoldContract } from '../contract/contract.ts';
import { loadContracts } from '../contract/load-contracts.ts';
import { tableColumns } from '../contract/table-columns.ts';
import { type Engine, withEngine } from '../engine/engine.ts';
import { literal } from '../engine/sql.ts';
import { writeDataFiles } from '../engine/write-data-files.ts';
import { ConflictError } from '../errors.ts';
import { tellPublished } from '../events/tell-published.ts';
import { alertRestated } from '../gold/alert-restated.ts';
import { checkGold } from '../gold/check-gold.ts';
import { comparableWith } from '../gold/comparable.ts';
import { filesRead } from '../gold/files-read.ts';
import { goldDigest } from '../gold/gold-digest.ts';
import { affectedRanges, type GoldInput, inputMonths, type MonthRange } from '../gold/months.ts';
import { type OpenedGold, openGold } from '../gold/open-gold.ts';
import { openMonths } from '../gold/open-months.ts';
import {
  createTableView,
  findRestatements,
  rebuildMonths,
  refuseKeptKeys,
  viewColumns,
} from '../gold/rebuild.ts';
import { metadataFolder, monthLabel, refreshKey, restatementsKey, runFolder, tableName } from '../naming.ts';
import { tellComplete } from '../openlineage/tell-run.ts';
import type { Effects, Scratch } from '../ports.ts';
import { commitTable } from '../table/commit-table.ts';
import { followedBy, generationsPart } from '../table/generations.ts';
import { filesOf, openTable } from '../table/lake-table.ts';
import { movePointer, type Pointer, type ReadPointer, readPointer } from '../table/pointer.ts';
import type { DataFile } from '../table/schema.ts';
import { awaitsMigration } from './awaits-migration.ts';
import { boundedColumns } from './bounded-columns.ts';
import { putDocument } from './documents.ts';
import { followCatalog } from './follow-catalog.ts';
import { keepContract, withPublished } from './kept-contracts.ts';
import { readKnownPointer } from './known-pointer.ts';
import { defineStage, RunInput } from './stage.ts';

/** How often a lost race is run again before it becomes the state machine's to handle. */
const ATTEMPTS = 5;

const RefreshedTable = z.object({
  table: z.string(),
  months: z.number().int(),
  rows: z.number().int(),
  restated: z.number().int(),
});
const RefreshOutput = RunInput.extend({ refreshed: z.array(RefreshedTable) });
type RefreshedTable = z.infer<typeof RefreshedTable>;

/**
 * Brings every Gold table that reads the dataset up to its current Silver snapshot, rebuilding only the months
 * that changed since Gold was last made, from the files that its SQL leaves for them; a new contract or SQL rebuilds all. What was restated is kept, old value
 * beside new; the catalog follows, and programs are told of what was published. A repeat, or a run after one that died here, does what is left to do.
 */
export const refreshGold = defineStage({
  name: 'refresh-gold',
  input: RunInput,
  output: RefreshOutput,
  run: async ({ dataset, runId }, effects) => {
    const { contracts } = await loadContracts(effects.contracts);
    const refreshed: RefreshedTable[] = [];
    for (const contract of contracts.values()) {
      if (contract.layer !== 'gold' || !contract.inputs.includes(dataset)) continue;
      const done = await withRetries(() => refreshTable(contract, { dataset, runId }, effects));
      if (done !== undefined) refreshed.push(done);
      await followCatalog(effects, contract);
    }
    // Whatever published ends here.
    await tellPublished(effects, { dataset, runId });
    await tellComplete(effects, { dataset, runId }, refreshed);
    return { dataset, runId, refreshed };
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
interface GoldState extends OpenedGold {
  readonly contract: GoldContract;
  readonly sql: string;
  readonly digest: string;
  readonly pointer: ReadPointer | undefined;
  readonly inputs: ReadonlyMap<string, GoldInput>;
  /** Inputs whose tables wait for a new major version of their contract: they have the shape that was published. */
  readonly waiting: readonly string[];
}

async function refreshTable(
  contract: GoldContract,
  run: RunInput,
  effects: Effects,
): Promise<RefreshedTable | undefined> {
  const state = await readState(contract, effects);
  if (state === undefined) return undefined;
  const rebuildAll =
    state.pointer?.pointer.contract_digest !== state.digest || [...state.inputs.values()].some(isForgotten);
  const unchanged = [...state.inputs.values()].every((input) => input.snapshotId === input.lastSnapshotId);
  if (unchanged && !rebuildAll) return undefined;
  const isOther = state.pointer !== undefined && state.pointer.pointer.contract_digest !== state.digest;
  // What was written for tables that are still to be made can't be made from those that are there.
  if (isOther && state.waiting.length > 0) return undefined;
  const inputs = [...state.inputs.values()].map((input) =>
    rebuildAll ? { ...input, lastSnapshotId: undefined } : input,
  );
  const goldMonths = new Set(state.files.flatMap(({ month }) => (month === undefined ? [] : [month])));
  const months = await inputMonths(inputs);
  if (rebuildAll) for (const month of goldMonths) months.changed.add(month);
  const ranges = affectedRanges(contract.affects, months, goldMonths);
  const scratch = await effects.openScratch(`gold-${run.runId}`);
  try {
    return await withEngine(effects.engine, join(scratch.directory, 'spill'), (engine) =>
      rebuildTable({ effects, engine, scratch, run, state, ranges }),
    );
  } finally {
    await scratch.dispose();
  }
}

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
interface Rebuild {
  readonly effects: Effects;
  readonly engine: Engine;
  readonly scratch: Scratch;
  readonly run: RunInput;
  readonly state: GoldState;
  readonly ranges: readonly MonthRange[];
}

async function rebuildTable(rebuild: Rebuild): Promise<RefreshedTable> {
  const { effects, engine, state, ranges } = rebuild;
  const { contract } = state;
  const isAffected = (file: DataFile): boolean =>
    ranges.some(({ from, to }) => file.month !== undefined && file.month >= from && file.month <= to);
  const old = state.files.filter(isAffected);
  let added: DataFile[] = [];
  let restated = 0;
  if (ranges.length > 0) {
    const loaded = await loadContracts(effects.contracts);
    const { contracts } = await withPublished(effects.objects, loaded, state.waiting);
    // First without any data: what is wrong can then be said in DuckDB's words.
    await checkGold(engine, contract, { sql: state.sql, contracts });
    await createInputViews(rebuild, contracts);
    await rebuildMonths(engine, contract, state.sql, ranges);
    const kept = state.files.filter((file) => !isAffected(file));
    await refuseKeptKeys(engine, contract, () => pathsOf(effects, kept));
    restated = await findRestated(rebuild, old);
    if (restated > 0) await tellRestatements(rebuild, await openMonths(state.table, old));
    // Whoever finds files of a refresh that died must know whose they were, also where no run left a trace.
    await putDocument(effects.objects, refreshKey(contract.dataset, rebuild.run.runId), { ...rebuild.run });
    added = await writeRebuilt(rebuild);
  }
  await commitGold(rebuild, added, new Set(old.map(({ key }) => key)));
  return {
    table: tableName('gold', contract.dataset),
    months: ranges.reduce((sum, { from, to }) => sum + to - from + 1, 0),
    rows: added.reduce((sum, file) => sum + file.recordCount, 0),
    restated,
  };
}

/** What the rebuilt months restate: of the files that make room, or of the generation that readers see. */
async function findRestated({ effects, engine, state }: Rebuild, old: readonly DataFile[]): Promise<number> {
  const { contract, anew } = state;
  const comparable = anew === undefined ? contract : comparableWith(contract, anew.before.metadata);
  const files = anew === undefined ? old : await filesOf(anew.before);
  const known = comparable === undefined ? [] : await pathsOf(effects, files);
  return findRestatements(engine, comparable ?? contract, known);
}

async function createInputViews(
  { effects, engine, state, ranges }: Rebuild,
  contracts: ReadonlyMap<string, Contract>,
): Promise<void> {
  for (const [input, { table, snapshotId }] of state.inputs) {
    const contract = contracts.get(input);
    const columns = contract === undefined ? [] : viewColumns(tableColumns(contract));
    const name = tableName('silver', input);
    const files = await filesOf(table, snapshotId);
    const read = await filesRead(engine, { sql: state.sql, ranges }, { name, table, files });
    await createTableView(engine, name, columns, await pathsOf(effects, read));
  }
}

function pathsOf(effects: Effects, files: readonly DataFile[]): Promise<string[]> {
  return Promise.all(files.map((file) => effects.data.localPath(file.key)));
}

function writeRebuilt({ effects, engine, scratch, run, state }: Rebuild): Promise<DataFile[]> {
  const { contract, inputs, table } = state;
  const snapshot = inputs.get(run.dataset)?.snapshotId ?? 0;
  const root = runFolder(table.root, contract.version, run.runId);
  // Its own part name for each state it builds on, so that a refresh that lost a race overwrites nothing.
  const part = `${String(state.pointer?.pointer.version ?? 0).padStart(6, '0')}`;
  const select = `SELECT *, CAST(${snapshot} AS BIGINT) AS silver_snapshot_id FROM rebuilt ORDER BY ALL`;
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

/**
 * Keeps what is restated, old value beside new, and tells people of months that were over. It is done before the new
 * figures are published: a process that died right after that would have told nobody.
 */
async function tellRestatements(rebuild: Rebuild, open: readonly number[]): Promise<void> {
  const { effects, engine, scratch, run, state } = rebuild;
  const path = join(scratch.directory, 'restated.parquet');
  const at = effects.clock.now().toISOString();
  const snapshot = state.inputs.get(run.dataset)?.snapshotId ?? 0;
  const months = open.map((month) => `DATE ${literal(`${monthLabel(month)}-01`)}`);
  const wasOver = months.length === 0 ? 'true' : `as_of_month NOT IN (${months.join(', ')})`;
  await engine.run(`CREATE OR REPLACE TEMP TABLE told AS SELECT *, ${wasOver} AS was_over FROM restated`);
  await engine.run(
    `COPY (SELECT ${literal(state.contract.dataset)} AS dataset, ${literal(run.runId)} AS run_id, CAST(${literal(at)} AS TIMESTAMPTZ) AS refreshed_at,
       CAST(${snapshot} AS BIGINT) AS silver_snapshot_id, * FROM told ORDER BY as_of_month, "key", "column")
     TO ${literal(path)} (FORMAT parquet, COMPRESSION zstd)`,
  );
  await effects.data.publish(path, restatementsKey(state.contract.dataset, run.runId));
  await alertRestated(effects, { engine, contract: state.contract, run });
}

/** A table that was made anew stands before the one that readers saw. */
function generationsAfter({ pointer, anew }: GoldState, now: Date) {
  if (anew === undefined || pointer === undefined) return generationsPart(pointer?.pointer);
  return followedBy(pointer.pointer, { generation: anew.generation, at: now.toISOString() });
}

async function keepTexts(effects: Effects, { contract: { dataset }, digest, sql }: GoldState): Promise<void> {
  const text = (await loadContracts(effects.contracts)).texts.get(dataset);
  if (text !== undefined) await keepContract(effects.objects, { dataset, digest }, { contract: text, sql });
}

async function commitGold(
  { effects, run, state }: Rebuild,
  add: readonly DataFile[],
  remove: ReadonlySet<string>,
): Promise<void> {
  const { contract, pointer, inputs } = state;
  await keepTexts(effects, state);
  const now = effects.clock.now();
  const before = pointer?.pointer.tables.gold;
  const snapshots = Object.fromEntries([...inputs].map(([input, { snapshotId }]) => [input, snapshotId]));
  const gold =
    before !== undefined && state.anew === undefined && add.length === 0 && remove.size === 0
      ? before
      : await commitTable({
          objects: effects.objects,
          table: state.table,
          keyPrefix: metadataFolder(state.table.root),
          add,
          remove,
          nowMs: now.getTime(),
          attempt: `${run.runId}:gold:${contract.dataset}:${pointer?.etag ?? ''}`,
          summary: {
            'assay.run-id': run.runId,
            'assay.inputs': JSON.stringify(snapshots),
            'assay.contract-digest': state.digest,
          },
        });
  const next: Pointer = {
    format: 1,
    dataset: contract.dataset,
    version: (pointer?.pointer.version ?? 0) + 1,
    snapshot_id: gold.snapshot_id,
    metadata_location: gold.metadata_location,
    run_id: run.runId,
    execution: run.runId,
    seal_digest: '',
    contract_version: contract.version,
    contract_digest: state.digest,
    committed_at: now.toISOString(),
    tables: { gold },
    inputs: snapshots,
    ...generationsAfter(state, now),
  };
  await movePointer(effects.objects, 'gold', next, pointer?.etag);
}
