import type { Contract } from '../contract/contract.ts';
import type { Layer } from '../naming/datasets.ts';
import { metadataFolder } from '../naming/tables.ts';
import type { Effects } from '../ports.ts';
import { stateSummary } from '../stages/dataset-history.ts';
import { commitTable } from '../table/commit-table.ts';
import { filesOf, type LakeTable, openTable } from '../table/lake-table.ts';
import { hasPortableName } from '../table/metadata-file.ts';
import {
  movePointer,
  type NextTableState,
  type Pointer,
  type ReadPointer,
  type TableState,
} from '../table/pointer.ts';
import { isElsewhere, relocateTable } from '../table/relocate-table.ts';
import { renameMetadata } from '../table/rename-metadata.ts';
import type { DataFile } from '../table/schema.ts';

/** Files of a table that were written anew: the keys of those that go, and what takes their place. */
export interface RewrittenBin {
  readonly remove: readonly string[];
  readonly add: readonly DataFile[];
}

/** What to commit, on which base. */
export interface UpgradeCommit {
  readonly layer: Contract['layer'];
  readonly read: ReadPointer;
  readonly rewritten: ReadonlyMap<Layer, readonly RewrittenBin[]>;
  readonly id: string;
}

/**
 * Commits rewritten files whose originals are all still live, and metadata with today's names and place, on the pointer that was
 * read; returns the new one. The ledger comes last, since its snapshot names the other tables' snapshots that belong to
 * it. Throws ConflictError where somebody committed since.
 */
export async function commitUpgrade(effects: Effects, commit: UpgradeCommit): Promise<Pointer> {
  const { layer, read } = commit;
  const { pointer, etag } = read;
  const now = effects.clock.now();
  const tables: Record<string, NextTableState> = { ...pointer.tables };
  const state = { ...stateOf(pointer), version: pointer.version + 1, committed_at: now.toISOString() };
  for (const one of ledgerLast(pointer)) {
    const { source_files: _, ...others } = tables;
    const isLedger = one === 'source_files';
    const summary = isLedger ? stateSummary(state, others) : {};
    const isDue = isLedger && isMoved(pointer, others);
    tables[one] = await commitLayer(effects, commit, { layer: one, now, summary, isDue });
  }
  const main = tables[layer];
  const { snapshot_id, metadata_location } = main ?? pointer;
  // If no table gets a new snapshot, keep who published the current ones, and when.
  const moved = isMoved(pointer, tables) ? { ...state, execution: commit.id } : { version: state.version };
  const next = { ...pointer, ...moved, snapshot_id, metadata_location, tables };
  await movePointer(effects.objects, layer, next, etag);
  return next;
}

const stateOf = ({ dataset, run_id, seal_digest, contract_version, contract_digest }: Pointer) => ({
  dataset,
  run_id,
  seal_digest,
  contract_version,
  contract_digest,
});

const ledgerLast = ({ tables }: Pointer): Layer[] =>
  (Object.keys(tables) as Layer[]).sort(
    (a, b) => Number(a === 'source_files') - Number(b === 'source_files'),
  );

const isMoved = (pointer: Pointer, tables: Readonly<Record<string, TableState>>): boolean =>
  Object.entries(tables).some(
    ([layer, { snapshot_id }]) => pointer.tables[layer]?.snapshot_id !== snapshot_id,
  );

interface LayerCommit {
  readonly layer: Layer;
  readonly now: Date;
  readonly summary: Readonly<Record<string, string>>;
  /** Whether it gets a snapshot also where none of its files changes. */
  readonly isDue: boolean;
}

async function commitLayer(
  { objects }: Effects,
  { read: { pointer, etag }, rewritten, id }: UpgradeCommit,
  { layer, now, summary, isDue }: LayerCommit,
): Promise<NextTableState> {
  const state = pointer.tables[layer] as TableState;
  const found = await openTable(objects, state);
  const live = new Set((await filesOf(found)).map(({ key }) => key));
  const bins = (rewritten.get(layer) ?? []).filter(({ remove }) => remove.every((key) => live.has(key)));
  const change = {
    objects,
    keyPrefix: metadataFolder(found.root),
    nowMs: now.getTime(),
    attempt: `${layer}:${id}:${etag}`,
  };
  const needsPlace = isElsewhere(objects, found);
  if (bins.length === 0 && !isDue && !needsPlace && hasPortableName(state.metadata_key)) return state;
  const table: LakeTable = needsPlace ? await relocateTable({ ...change, table: found }) : found;
  if (bins.length === 0 && !isDue) return renameMetadata({ ...change, table, state });
  return commitTable({
    ...change,
    table,
    add: bins.flatMap(({ add }) => add),
    remove: new Set(bins.flatMap(({ remove }) => remove)),
    ...(bins.length === 0 ? {} : { operation: 'replace' as const }),
    summary: { 'assay.run-id': id, ...inputsOf(pointer), ...summary },
  });
}

/** What a Gold table's snapshots say of where their rows come from. */
function inputsOf({ inputs }: Pointer): Record<string, string> {
  return inputs === undefined ? {} : { 'assay.inputs': JSON.stringify(inputs) };
}
