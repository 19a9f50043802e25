import { closedStates } from '../closing/closed-states.ts';
import type { Contract } from '../contract/contract.ts';
import { type LoadedContracts, loadContracts, requireContract } from '../contract/load-contracts.ts';
import { madeOf } from '../contract/made-of.ts';
import { planKey } from '../naming/runs.ts';
import { metadataFolder } from '../naming/tables.ts';
import type { Effects } from '../ports.ts';
import { type DatasetState, keepStates, statesOf } from '../stages/dataset-history.ts';
import { mainTable } from '../stages/dataset-tables.ts';
import { Plan } from '../stages/documents.ts';
import { followCatalog } from '../stages/follow-catalog.ts';
import { keepLog } from '../stages/kept-logs.ts';
import { readKnownPointer } from '../stages/known-pointer.ts';
import { listWithheld } from '../stages/list-sources.ts';
import { newRunId } from '../stages/run-id.ts';
import { parseDocument } from '../stages/stored-documents.ts';
import { expireTable } from '../table/expire-table.ts';
import { generationOf } from '../table/generations.ts';
import { keptSnapshots } from '../table/kept-snapshots.ts';
import { openTable } from '../table/lake-table.ts';
import type { TableMetadata } from '../table/metadata.ts';
import {
  type Generation,
  movePointer,
  type NextTableState,
  type Pointer,
  type ReadPointer,
} from '../table/pointer.ts';
import { logOf, lostFrom } from '../table/table-log.ts';
import { filesOnlyIn } from '../table/unreachable.ts';
import { noteRemoval } from '../tending/removals.ts';
import { keepDecision, type Word } from './decide-run.ts';
import { expireGenerations } from './expire-generations.ts';

/** The tables whose snapshots expire. Rows of the ledger and of condemned records stay for good. */
const FORGETTING = [
  'silver',
  'quarantine',
  'condemned',
  'source_files',
  'gold',
  'projection',
  'projection_state',
] as const;
type Forgetting = (typeof FORGETTING)[number];

/** The tables whose past is kept, so that what was known at a moment can be told when its snapshots are gone. */
const LOGGED: ReadonlySet<Forgetting> = new Set(['source_files', 'projection', 'projection_state']);

/** What expiring did. */
export interface Expired {
  readonly dataset: string;
  readonly layer: Contract['layer'];
  /** Version of the pointer; 0 where nothing was ever published. */
  readonly version: number;
  /** Queries about a moment before this one may fail as expired. */
  readonly before: string;
  /** Ids of the snapshots that are gone, oldest first, by table. */
  readonly expired: Partial<Record<Forgetting, readonly number[]>>;
  /** Snapshots that are left, by table. */
  readonly kept: Partial<Record<Forgetting, number>>;
  /** Earlier generations of its tables whose Silver and quarantine, or Gold, are gone. */
  readonly generations: readonly number[];
}

/** Which snapshots are to go. */
export interface ExpireRequest {
  readonly dataset: string;
  /** What was current at this moment or since is kept. */
  readonly before: Date;
  /** States that are kept whatever their age; the current one unless said. */
  readonly atLeast?: number;
  /** No more states than these are kept, whatever their age; all unless said. */
  readonly atMost?: number;
  /** States that go in this commit at most, the oldest first; all unless said. */
  readonly most?: number;
  /** Nothing happens where fewer states than these would go; 1 unless said. */
  readonly least?: number;
}

/**
 * Removes the snapshots that weren't current since a moment from a dataset's tables, or a Gold table, in one commit.
 * Keeps those that Gold was made from, now or for a closed month, tagged ones, the bases of held runs, and all tables
 * of every state that a rollback could go to. Stores which snapshots belonged together as rows (ops.states). The
 * catalog follows; upkeep or vacuum removes the files later. A repeat changes nothing. Earlier generations go whole,
 * except their ledger and condemned records. Without a person's word no decision is recorded: the contract decided.
 * Throws ConflictError where a run committed meanwhile.
 */
export async function expire(effects: Effects, request: ExpireRequest, word?: Word): Promise<Expired> {
  const { dataset, before } = request;
  const loaded = await loadContracts(effects.contracts);
  const own = requireContract(loaded, dataset);
  const { layer } = own;
  const read = await readKnownPointer(effects.objects, layer, dataset);
  const head = { dataset, layer, before: before.toISOString(), generations: [] };
  if (read === undefined) return { ...head, version: 0, expired: {}, kept: {} };
  const keep = await keptIds(effects, { loaded, pointer: read.pointer, request });
  const { tables, expired, kept, forgotten } = await expireTables(effects, read, keep);
  const bases = layer !== 'silver' ? new Set<number>() : await heldBases(effects, dataset);
  const { atLeast = 1 } = request;
  const id = newRunId(effects.clock.now());
  const old = await expireGenerations(effects, read.pointer, { before, atLeast, keep, bases, id });
  const count = Object.values(expired).reduce((sum, ids) => sum + ids.length, 0);
  if (count + old.expired.length === 0) {
    await followCatalog(effects, own);
    return { ...head, version: read.pointer.version, expired, kept };
  }
  await keepStates(effects, dataset, forgotten);
  const next = nextPointer({ ...read.pointer, ...generationsOf(old) }, tables);
  await movePointer(effects.objects, layer, next, read.etag);
  const details = { before: head.before, version: next.version, expired, generations: old.expired };
  if (word !== undefined)
    await keepDecision(effects, { kind: 'expired', dataset, ...word, runId: null, details });
  await followCatalog(effects, own);
  return { ...head, version: next.version, expired, kept, generations: old.expired };
}

const generationsOf = ({ generations }: { readonly generations: readonly Generation[] }): Partial<Pointer> =>
  generations.length === 0 ? {} : { generations: [...generations] };

interface Choosing {
  readonly loaded: LoadedContracts;
  readonly pointer: Pointer;
  readonly request: ExpireRequest;
}

/**
 * The snapshots of all tables that stay. A dataset's states are its ledger's snapshots, which name those of the other
 * tables; a Gold table has only its own.
 */
async function keptIds(
  effects: Effects,
  { loaded, pointer, request }: Choosing,
): Promise<ReadonlySet<number>> {
  const { dataset } = pointer;
  const main = mainTable(pointer);
  const state = pointer.tables[main];
  if (state === undefined) return new Set();
  const { metadata } = await openTable(effects.objects, state);
  const states = statesOf(metadata);
  const bases = main !== 'source_files' ? new Set<number>() : await heldBases(effects, dataset);
  const held = states.filter(({ version }) => bases.has(version)).map((one) => one.ledger_snapshot_id);
  const closed = await closedStates(effects, loaded, dataset);
  // Which files a row is from stands in the ledger of its time.
  const ledgers = [...closed].flatMap((id) => {
    const state = states.find(({ snapshot_id }) => snapshot_id === id);
    return state === undefined ? [] : [state.ledger_snapshot_id];
  });
  const keep = new Set([...stayingIds(metadata, request), ...held, ...closed, ...ledgers]);
  // Both tables of a projection have a snapshot of each commit, and neither names the other's.
  const rows = pointer.tables.projection;
  if (rows !== undefined)
    for (const id of stayingIds((await openTable(effects.objects, rows)).metadata, request)) keep.add(id);
  for (const { ledger_snapshot_id, tables } of states)
    if (keep.has(ledger_snapshot_id)) for (const id of Object.values(tables)) keep.add(id);
  for (const contract of loaded.contracts.values()) {
    if (contract.layer === 'silver' || !madeOf(contract).includes(dataset)) continue;
    const made = (await readKnownPointer(effects.objects, contract.layer, contract.dataset))?.pointer
      .inputs?.[dataset];
    if (made !== undefined) keep.add(made);
  }
  return keep;
}

/** Ids of the main table's snapshots that stay, with due ones that are too few for a commit or too many for one. */
export function stayingIds(metadata: TableMetadata, request: ExpireRequest): number[] {
  const { before, atLeast = 1, atMost = Number.POSITIVE_INFINITY } = request;
  const { most = Number.POSITIVE_INFINITY, least = 1 } = request;
  const kept = new Set(keptSnapshots(metadata, { sinceMs: before.getTime(), atLeast, atMost }));
  const due = metadata.snapshots.map((one) => one['snapshot-id']).filter((id) => !kept.has(id));
  return [...kept, ...due.slice(due.length < least ? 0 : most)];
}

/** Versions of the pointer that held runs were planned on. */
async function heldBases({ objects }: Effects, dataset: string): Promise<Set<number>> {
  const bases = new Set<number>();
  for (const { runId, decision } of await listWithheld({ objects }, dataset)) {
    const key = planKey(dataset, runId);
    const stored = decision === 'held' ? await objects.get(key) : undefined;
    if (stored !== undefined) bases.add(parseDocument(stored.body, key, Plan).baseVersion);
  }
  return bases;
}

interface ExpiredTables extends Pick<Expired, 'expired' | 'kept'> {
  readonly tables: Record<string, NextTableState>;
  /** States whose snapshot of the ledger goes. */
  readonly forgotten: readonly DatasetState[];
}

/** Stages the tables without what isn't kept, and notes the files that go with it. */
async function expireTables(
  effects: Effects,
  { pointer, etag }: ReadPointer,
  keep: ReadonlySet<number>,
): Promise<ExpiredTables> {
  const { dataset } = pointer;
  const now = effects.clock.now();
  const id = newRunId(now);
  const tables: Record<string, NextTableState> = { ...pointer.tables };
  const expired: Partial<Record<Forgetting, readonly number[]>> = {};
  const kept: Partial<Record<Forgetting, number>> = {};
  const removals: Parameters<typeof noteRemoval>[2] = {};
  let forgotten: DatasetState[] = [];
  for (const layer of FORGETTING) {
    const state = pointer.tables[layer];
    if (state === undefined) continue;
    const table = await openTable(effects.objects, state);
    const done = await expireTable({
      objects: effects.objects,
      table,
      state,
      keep,
      keyPrefix: metadataFolder(table.root),
      nowMs: now.getTime(),
      attempt: `${id}:${layer}:${etag}`,
    });
    tables[layer] = done.state;
    expired[layer] = done.expired;
    kept[layer] = table.metadata.snapshots.length - done.expired.length;
    if (done.expired.length === 0) continue;
    const gone = new Set(done.expired);
    if (LOGGED.has(layer)) {
      const log = lostFrom(logOf(table.metadata), gone);
      await keepLog(effects, { dataset, layer, generation: generationOf(pointer) }, { id, log });
    }
    const keys = await filesOnlyIn(table.metadata, gone, table.reader);
    removals[layer] = { snapshots: [...gone], keys };
    if (layer === 'source_files')
      forgotten = statesOf(table.metadata).filter((one) => gone.has(one.ledger_snapshot_id));
  }
  if (Object.keys(removals).length > 0) await noteRemoval(effects, { dataset, id }, removals);
  return { tables, expired, kept, forgotten };
}

/** The same snapshots for every reader, and the same word on when they were published. */
function nextPointer(pointer: Pointer, tables: Record<string, NextTableState>) {
  const main = tables.silver ?? tables.gold ?? tables.projection;
  return {
    ...pointer,
    version: pointer.version + 1,
    metadata_location: main?.metadata_location ?? pointer.metadata_location,
    tables,
  };
}
