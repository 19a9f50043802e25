import type { Contract } from '../contract/contract.ts';
import { loadContracts, requireContract } from '../contract/load-contracts.ts';
import { metadataPrefix, tableRoot } from '../naming.ts';
import type { Effects } from '../ports.ts';
import { statesOf } from '../stages/dataset-history.ts';
import { followCatalog } from '../stages/follow-catalog.ts';
import { readKnownPointer } from '../stages/known-pointer.ts';
import { newRunId } from '../stages/run-id.ts';
import { expireTable } from '../table/expire-table.ts';
import { openTable } from '../table/lake-table.ts';
import { movePointer, type Pointer, type ReadPointer, type TableState } from '../table/pointer.ts';
import { currentSince } from '../table/snapshots.ts';
import { keepDecision, type Word } from './decide-run.ts';

/** The tables that forget. The ledger and the condemned records never do: what was decided stays told. */
const FORGETTING = ['silver', 'quarantine', 'gold'] as const;
type Forgetting = (typeof FORGETTING)[number];

/** What expiring did. */
export interface Expired {
  readonly dataset: string;
  readonly layer: Contract['layer'];
  /** Version of the pointer; 0 where nothing was ever published. */
  readonly version: number;
  /** Whoever asks for a moment from before this one is told that it was expired. */
  readonly before: string;
  /** Ids of the snapshots that are gone, oldest first, by table. */
  readonly expired: Partial<Record<Forgetting, readonly number[]>>;
  /** Snapshots that are left, by table. */
  readonly kept: Partial<Record<Forgetting, number>>;
}

/** Which snapshots are to go. */
export interface ExpireRequest {
  readonly dataset: string;
  /** What was current at this moment or since is kept. */
  readonly before: Date;
}

/**
 * Takes the snapshots that were not current since a moment out of a dataset's Silver and quarantine, or out of a Gold
 * table, in one commit. Kept are also those that a Gold table was made from, and whole states: every state that a
 * rollback could go to since then keeps all its tables. The catalog follows; files are left to the vacuum. A repeat changes
 * nothing. Throws ConflictError where a run committed meanwhile.
 */
export async function expire(
  effects: Effects,
  { dataset, before }: ExpireRequest,
  word: Word,
): Promise<Expired> {
  const loaded = await loadContracts(effects.contracts);
  const own = requireContract(loaded, dataset);
  const { layer } = own;
  const read = await readKnownPointer(effects.objects, layer, dataset);
  const head = { dataset, layer, before: before.toISOString() };
  if (read === undefined) return { ...head, version: 0, expired: {}, kept: {} };
  const keep = await keptIds(effects, read.pointer, before.getTime());
  for (const contract of loaded.contracts.values()) {
    if (contract.layer !== 'gold' || !contract.inputs.includes(dataset)) continue;
    const made = (await readKnownPointer(effects.objects, 'gold', contract.dataset))?.pointer.inputs?.[
      dataset
    ];
    if (made !== undefined) keep.add(made);
  }
  const { tables, expired, kept } = await expireTables(effects, read, keep);
  const count = Object.values(expired).reduce((sum, ids) => sum + ids.length, 0);
  if (count === 0) {
    await followCatalog(effects, own);
    return { ...head, version: read.pointer.version, expired, kept };
  }
  const next = nextPointer(read.pointer, tables);
  await movePointer(effects.objects, layer, next, read.etag);
  const details = { before: head.before, version: next.version, expired };
  await keepDecision(effects, { kind: 'expired', dataset, ...word, runId: null, details });
  await followCatalog(effects, own);
  return { ...head, version: next.version, expired, kept };
}

/**
 * The snapshots of all tables that belong to what was current since a moment. A dataset's states are its ledger's
 * snapshots, which name those of the other tables; a Gold table has only its own.
 */
async function keptIds(effects: Effects, pointer: Pointer, sinceMs: number): Promise<Set<number>> {
  const main = pointer.tables.source_files === undefined ? 'gold' : 'source_files';
  const state = pointer.tables[main];
  if (state === undefined) return new Set();
  const { metadata } = await openTable(effects.objects, tableRoot(main, pointer.dataset), state);
  const keep = currentSince(metadata, sinceMs);
  for (const { ledger_snapshot_id, tables } of statesOf(metadata))
    if (keep.has(ledger_snapshot_id)) for (const id of Object.values(tables)) keep.add(id);
  return keep;
}

interface ExpiredTables extends Pick<Expired, 'expired' | 'kept'> {
  readonly tables: Record<string, TableState>;
}

async function expireTables(
  effects: Effects,
  { pointer, etag }: ReadPointer,
  keep: ReadonlySet<number>,
): Promise<ExpiredTables> {
  const { dataset } = pointer;
  const now = effects.clock.now();
  const attempt = newRunId(now);
  const tables: Record<string, TableState> = { ...pointer.tables };
  const expired: Partial<Record<Forgetting, readonly number[]>> = {};
  const kept: Partial<Record<Forgetting, number>> = {};
  for (const layer of FORGETTING) {
    const state = pointer.tables[layer];
    if (state === undefined) continue;
    const table = await openTable(effects.objects, tableRoot(layer, dataset), state);
    const done = await expireTable({
      objects: effects.objects,
      table,
      state,
      keep,
      keyPrefix: metadataPrefix(layer, dataset),
      nowMs: now.getTime(),
      attempt: `${attempt}:${layer}:${etag}`,
    });
    tables[layer] = done.state;
    expired[layer] = done.expired;
    kept[layer] = table.metadata.snapshots.length - done.expired.length;
  }
  return { tables, expired, kept };
}

/** The same snapshots for every reader, and the same word on when they were published. */
function nextPointer(pointer: Pointer, tables: Record<string, TableState>): Pointer {
  const main = tables.silver ?? tables.gold;
  return {
    ...pointer,
    version: pointer.version + 1,
    metadata_location: main?.metadata_location ?? pointer.metadata_location,
    tables,
  };
}
