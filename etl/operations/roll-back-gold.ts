import type { GoldContract } from '../contract/contract.ts';
import { loadContracts } from '../contract/load-contracts.ts';
import { goldDigest } from '../gold/gold-digest.ts';
import { metadataFolder } from '../naming/tables.ts';
import type { Effects } from '../ports.ts';
import { keptContract } from '../stages/kept-contracts.ts';
import { earlierGenerations, followedBy, generationOf } from '../table/generations.ts';
import { openTable } from '../table/lake-table.ts';
import type { Snapshot } from '../table/metadata.ts';
import {
  movePointer,
  type NextPointer,
  type Pointer,
  type ReadPointer,
  readPointer,
  type TableState,
} from '../table/pointer.ts';
import { rollBackTable } from '../table/roll-back-table.ts';
import { withClosedRows } from './with-closed-rows.ts';

/** Where Gold is to go back to: what was made from a Silver snapshot of a dataset. */
export interface GoldTarget {
  readonly dataset: string;
  readonly snapshotId: number;
  /** Names the rollback. */
  readonly id: string;
}

/**
 * After going back to an older generation, restores each Gold table made from that Silver snapshot whose contract or
 * SQL has changed since: today's SQL can't read the older tables. Closed months stay as they were closed. A table with
 * a purpose stays as it is where consents have changed since. A repeat changes nothing more.
 */
export async function rollBackGold(effects: Effects, target: GoldTarget): Promise<void> {
  const { contracts } = await loadContracts(effects.contracts);
  for (const contract of contracts.values()) {
    if (contract.layer !== 'gold' || !contract.inputs.includes(target.dataset)) continue;
    const read = await readPointer(effects.objects, 'gold', contract.dataset);
    const found = read === undefined ? undefined : await findGold(effects, read.pointer, target);
    if (read === undefined || found === undefined) continue;
    if ((await isChanged(effects, contract, found)) && (await hasTodaysConsents(effects, contract, found)))
      await goBack(effects, read, { target, found });
  }
}

/** Whether the state was made by another contract or SQL than today's. */
async function isChanged(
  effects: Effects,
  contract: GoldContract,
  { snapshot }: GoldState,
): Promise<boolean> {
  const today = goldDigest(contract, await effects.contracts.sql(contract.sql));
  return snapshot.summary['assay.contract-digest'] !== today;
}

/** Whether the state was made from the consents that stand now: an earlier one may have who withdrew since. */
async function hasTodaysConsents(
  { objects }: Pick<Effects, 'objects'>,
  { consents = [] }: GoldContract,
  { snapshot }: GoldState,
): Promise<boolean> {
  const made = inputsOf(snapshot);
  for (const { states } of consents) {
    const now = (await readPointer(objects, 'silver', states.dataset))?.pointer.snapshot_id;
    if (now !== made[states.dataset]) return false;
  }
  return true;
}

/** A state of a Gold table, in whichever generation. */
interface GoldState {
  readonly generation: number;
  readonly state: TableState;
  readonly snapshot: Snapshot;
}

async function goBack(
  effects: Effects,
  { pointer, etag }: ReadPointer,
  { target, found }: { readonly target: GoldTarget; readonly found: GoldState },
): Promise<void> {
  if (found.snapshot['snapshot-id'] === pointer.snapshot_id) return;
  const { generation, state, snapshot } = found;
  const now = effects.clock.now();
  const table = await openTable(effects.objects, state);
  const back = await rollBackTable({
    objects: effects.objects,
    table,
    state,
    snapshotId: snapshot['snapshot-id'],
    keyPrefix: metadataFolder(table.root),
    nowMs: now.getTime(),
    attempt: `${target.id}:gold:${etag}`,
  });
  const { summary } = snapshot;
  const digest = summary['assay.contract-digest'] ?? '';
  const kept = digest === '' ? undefined : await keptContract(effects.objects, pointer.dataset, digest);
  const { state: gold, closings } = await withClosedRows(effects, {
    ...{ pointer, back, snapshot, kept },
    id: target.id,
    etag,
  });
  const at = now.toISOString();
  const next: NextPointer = {
    ...pointer,
    version: pointer.version + 1,
    snapshot_id: gold.snapshot_id,
    metadata_location: gold.metadata_location,
    run_id: summary['assay.run-id'] ?? pointer.run_id,
    execution: target.id,
    contract_version: kept?.version ?? pointer.contract_version,
    contract_digest: digest,
    committed_at: at,
    tables: { gold },
    inputs: inputsOf(snapshot),
    ...(closings === undefined ? {} : { closings: [...closings] }),
    ...(generation === generationOf(pointer) ? {} : followedBy(pointer, { generation, at })),
  };
  await movePointer(effects.objects, 'gold', next, etag);
}

/** The last state of a Gold table that was made from a Silver snapshot; of the generation of now, where there are several. */
async function findGold(
  effects: Effects,
  pointer: Pointer,
  { dataset, snapshotId }: GoldTarget,
): Promise<GoldState | undefined> {
  const now = { generation: generationOf(pointer), tables: pointer.tables };
  for (const { generation, tables } of [now, ...earlierGenerations(pointer).reverse()]) {
    const state = tables.gold;
    if (state === undefined) continue;
    const { metadata } = await openTable(effects.objects, state);
    const snapshot = metadata.snapshots.findLast((one) => inputsOf(one)[dataset] === snapshotId);
    if (snapshot !== undefined) return { generation, state, snapshot };
  }
  return undefined;
}

function inputsOf({ summary }: Snapshot): Record<string, number> {
  return JSON.parse(summary['assay.inputs'] ?? '{}') as Record<string, number>;
}
