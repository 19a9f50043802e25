import type { Contract } from '../contract/contract.ts';
import { madeOf } from '../contract/made-of.ts';
import { ConfigError, DataError, messageOf } from '../errors.ts';
import { pointerKey } from '../naming/tables.ts';
import type { Effects, ObjectHistory } from '../ports.ts';
import { followCatalog } from '../stages/follow-catalog.ts';
import { findEvidence } from '../stages/known-pointer.ts';
import { refreshGold } from '../stages/refresh-gold.ts';
import { openTable } from '../table/lake-table.ts';
import { currentSnapshot } from '../table/metadata.ts';
import { movePointer, Pointer } from '../table/pointer.ts';
import { keepDecision, type Word } from './decide-run.ts';
import { lastProven } from './last-proven.ts';
import { commitsOf, putBack } from './put-back.ts';

/** What was found out about a pointer, and where it can be restored from. */
export interface RepairPlan {
  readonly key: string;
  /** What is wrong with it, in words; null where nothing is. */
  readonly wrong: string | null;
  /** What it would say, and how that is known; null where nothing is wrong. */
  readonly restored: { readonly pointer: Pointer; readonly from: 'versions' | 'metadata' } | null;
  readonly etag: string | undefined;
}

/** What a repair needs. */
export interface RepairRequest {
  readonly contract: Contract;
  readonly history: ObjectHistory;
}

/**
 * Says what is wrong with a dataset's or Gold table's pointer and what can be restored: of the versions that the store
 * still has, the newest whose tables can be read; else, or where it goes further, the last state that metadata, records
 * of runs and decisions prove to have been published. Changes nothing. Throws DataError `NOT_REPAIRABLE` where neither is
 * there.
 */
export async function planRepair(
  effects: Effects,
  { contract, history }: RepairRequest,
): Promise<RepairPlan> {
  const { layer, dataset } = contract;
  const key = pointerKey(layer, dataset);
  const stored = await effects.objects.get(key);
  const head = { key, etag: stored?.etag };
  if (stored === undefined && (await findEvidence(effects.objects, layer, dataset)) === undefined) {
    const versions = await history(key);
    if (versions.length === 0) return { ...head, wrong: null, restored: null };
  }
  const wrong =
    stored === undefined
      ? 'it is missing'
      : ((await faultOf(effects, stored.body)) ?? (await putBackOf(effects, contract, stored.body)));
  if (wrong === null) return { ...head, wrong, restored: null };
  const restored = await findRestorable(effects, { contract, history });
  if (restored !== undefined) return { ...head, wrong, restored };
  throw new DataError(
    'NOT_REPAIRABLE',
    `${key}: ${wrong}, and neither an earlier version of it nor its tables' metadata says where ${dataset} stood. Restore the folder of its tables from a backup.`,
    { context: { key } },
  );
}

/** Restores a pointer as `planRepair` says, keeps who wanted it, and has the catalog and Gold follow. */
export async function repairPointer(
  effects: Effects,
  { contract, plan }: { readonly contract: Contract; readonly plan: RepairPlan },
  word: Word,
): Promise<void> {
  const { key, wrong, restored, etag } = plan;
  if (restored === null) return;
  const { pointer, from } = restored;
  const { layer, dataset } = contract;
  await movePointer(effects.objects, layer, pointer, etag);
  const { version, snapshot_id, run_id } = pointer;
  const details = { key, wrong, from, version, snapshotId: snapshot_id, lastRun: run_id };
  const id = await keepDecision(effects, { kind: 'repaired', dataset, ...word, runId: null, details });
  await followCatalog(effects, contract);
  for (const input of madeOf(contract).slice(0, 1)) await refreshGold({ dataset: input, runId: id }, effects);
}

/** What keeps a pointer from being followed; null where nothing does. */
async function faultOf(effects: Effects, body: Uint8Array): Promise<string | null> {
  const pointer = parsePointer(body);
  if (pointer === undefined) return "it can't be read as a pointer";
  try {
    for (const [layer, state] of Object.entries(pointer.tables)) {
      const { metadata } = await openTable(effects.objects, state);
      const current = currentSnapshot(metadata)?.['snapshot-id'];
      if (current !== state.snapshot_id)
        return `it names snapshot ${state.snapshot_id} of ${layer}, and ${state.metadata_key} is at ${current}`;
    }
    return null;
  } catch (error) {
    return `it leads nowhere: ${messageOf(error)}`;
  }
}

async function putBackOf(effects: Effects, contract: Contract, body: Uint8Array): Promise<string | null> {
  const pointer = parsePointer(body);
  return (pointer && (await putBack(effects, contract, pointer))) ?? null;
}

function parsePointer(body: Uint8Array): Pointer | undefined {
  try {
    return Pointer.parse(JSON.parse(Buffer.from(body).toString('utf8')));
  } catch {
    return undefined;
  }
}

/** The version of the store's, or the proven state, that goes further. */
async function findRestorable(
  effects: Effects,
  { contract, history }: RepairRequest,
): Promise<NonNullable<RepairPlan['restored']> | undefined> {
  const { layer, dataset } = contract;
  const bodies = await history(pointerKey(layer, dataset));
  const versions = bodies.map((body) => ({ body, pointer: parsePointer(body) }));
  let kept: Pointer | undefined;
  let skipped = 0;
  for (const { body, pointer } of versions) {
    if (pointer?.dataset === dataset && (await faultOf(effects, body)) === null) {
      kept = pointer;
      break;
    }
    skipped++;
  }
  const known = Math.max(0, ...versions.map(({ pointer }) => pointer?.version ?? 0));
  const proven = await lastProven(effects, contract);
  if (kept !== undefined && (proven === undefined || commitsOf(kept) >= commitsOf(proven))) {
    const version = skipped === 0 ? kept.version : Math.max(known, kept.version) + skipped + 1;
    return { from: 'versions', pointer: { ...kept, version } };
  }
  if (proven === undefined) return undefined;
  // A catalog refuses older versions, and how many commits followed this state is unknown.
  const version = Math.max(known, proven.version) + skipped + 1;
  return { from: 'metadata', pointer: { ...proven, version } };
}

/** Throws ConfigError `NOTHING_TO_REPAIR` where nothing is wrong. */
export function requireFault({ key, wrong }: RepairPlan): void {
  if (wrong !== null) return;
  throw new ConfigError('NOTHING_TO_REPAIR', `Nothing is wrong with ${key}: nothing was changed.`, {
    context: { key },
  });
}
