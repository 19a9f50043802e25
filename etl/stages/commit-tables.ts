import type { SourceContract } from '../contract/contract.ts';
import { metadataFolder } from '../naming/tables.ts';
import type { Effects } from '../ports.ts';
import { stageTable, storeStaged } from '../table/commit-table.ts';
import type { StagedObject } from '../table/manifest.ts';
import type { Pointer, TableState } from '../table/pointer.ts';
import type { DataFile } from '../table/schema.ts';
import { type CommittedState, stateSummary } from './dataset-history.ts';
import { DATASET_TABLES, type DatasetTable, openDatasetTable } from './dataset-tables.ts';

/** What a commit does to one table. */
interface TableChange {
  readonly add: readonly DataFile[];
  readonly remove?: ReadonlySet<string>;
}

/** One change of a dataset's four tables. */
export interface DatasetChange {
  readonly contract: SourceContract;
  /** The pointer that it builds on; undefined before the first commit. */
  readonly base: Pointer | undefined;
  /** What the new pointer will say beside the tables. */
  readonly state: Omit<CommittedState, 'tables'>;
  /** Tables that aren't named stay as they are. */
  readonly changes: Partial<Readonly<Record<DatasetTable, TableChange>>>;
  /** Names this attempt at this change: the same gives the same snapshots. */
  readonly attempt: string;
}

/**
 * Writes the next metadata of a dataset's tables and returns where they stand; readers see it once the pointer moves
 * there. A table without changes stays where it was, except the ledger: each of its snapshots names the others that
 * belong to it, so that every state can be found again.
 */
export async function commitTables(
  effects: Effects,
  change: DatasetChange,
): Promise<Record<DatasetTable, TableState>> {
  const tables: Partial<Record<DatasetTable, TableState>> = {};
  const staged: StagedObject[] = [];
  for (const layer of DATASET_TABLES) {
    const { state, objects } = await stageLayer(effects, change, layer, tables);
    tables[layer] = state;
    staged.push(...objects);
  }
  await storeStaged(effects.objects, staged);
  return tables as Record<DatasetTable, TableState>;
}

async function stageLayer(
  { objects }: Effects,
  { contract, base, state, changes, attempt }: DatasetChange,
  layer: DatasetTable,
  others: Partial<Record<DatasetTable, TableState>>,
): Promise<{ readonly state: TableState; readonly objects: readonly StagedObject[] }> {
  const { add, remove = new Set<string>() } = changes[layer] ?? { add: [] };
  const before = base?.tables[layer];
  const isLedger = layer === 'source_files';
  if (!isLedger && before !== undefined && add.length === 0 && remove.size === 0)
    return { state: before, objects: [] };
  const summary = {
    'assay.run-id': state.run_id,
    'assay.seal-digest': state.seal_digest,
    'assay.contract-version': state.contract_version,
  };
  const table = await openDatasetTable(objects, contract, base, layer);
  return await stageTable({
    table,
    keyPrefix: metadataFolder(table.root),
    add,
    remove,
    nowMs: Date.parse(state.committed_at),
    attempt: `${layer}:${attempt}`,
    summary: isLedger ? { ...summary, ...stateSummary(state, others) } : summary,
  });
}
