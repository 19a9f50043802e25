import { loadContracts } from '../contract/load-contracts.ts';
import { COST_KEYS } from '../gold/refresh-meter.ts';
import { tableName } from '../naming/datasets.ts';
import type { Effects, SetEngine } from '../ports.ts';
import type { RunRecord } from '../stages/outcomes.ts';
import { openTable } from '../table/lake-table.ts';
import { type Pointer, readPointer } from '../table/pointer.ts';

/** A Gold table that reads a run's dataset. */
export interface GoldOfRun {
  readonly report: string;
  /** As analysts write it, e.g. `gold.spend_monthly_totals`. */
  readonly table: string;
  /** Whether it stands on the run's snapshot now. */
  readonly isMade: boolean;
  /** Who computed the rows that the run's refresh published; undefined where it published none, or their snapshot has expired. */
  readonly engine?: 'duckdb' | SetEngine['name'];
}

/** The Gold tables that read a run's dataset, in order of their names. Nothing is said to be made of a run that published nothing. */
export async function goldOfRun(
  { objects, contracts }: Pick<Effects, 'objects' | 'contracts'>,
  run: Pick<RunRecord, 'dataset' | 'runId' | 'snapshotId'>,
): Promise<GoldOfRun[]> {
  const tables: GoldOfRun[] = [];
  for (const contract of (await loadContracts(contracts)).contracts.values()) {
    if (contract.layer !== 'gold' || !contract.inputs.includes(run.dataset)) continue;
    const { dataset: report } = contract;
    const pointer = (await readPointer(objects, 'gold', report))?.pointer;
    const engine = await computedBy(objects, pointer, run.runId);
    tables.push({
      ...{ report, table: tableName('gold', report) },
      isMade: run.snapshotId !== null && pointer?.inputs?.[run.dataset] === run.snapshotId,
      ...(engine === undefined ? {} : { engine }),
    });
  }
  return tables.sort((a, b) => (a.report < b.report ? -1 : 1));
}

async function computedBy(
  objects: Effects['objects'],
  pointer: Pointer | undefined,
  runId: string,
): Promise<GoldOfRun['engine']> {
  const state = pointer?.tables.gold;
  if (state === undefined) return undefined;
  const { snapshots } = (await openTable(objects, state)).metadata;
  // A run can refresh a table more than once: the last of them is what was published by it.
  const made = snapshots.findLast(({ summary }) => summary['assay.run-id'] === runId);
  if (made === undefined) return undefined;
  const engine = made.summary[COST_KEYS.engine];
  return engine === 'trino' || engine === 'athena' ? engine : 'duckdb';
}
