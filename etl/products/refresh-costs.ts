import type { Contract } from '../contract/contract.ts';
import { COST_KEYS } from '../gold/refresh-meter.ts';
import type { Effects } from '../ports.ts';
import { openTable } from '../table/lake-table.ts';
import { readPointer } from '../table/pointer.ts';

/** What the refreshes of a table took, together. */
export interface RefreshCosts {
  readonly refreshes: number;
  /** From the begin of each to its commit. */
  readonly wallMs: number;
  /** Processor time of the processes that made them; null where none of them measured it. */
  readonly cpuMs: number | null;
  /** Bytes of the inputs' files that were read; null where none of them measured it. */
  readonly readBytes: number | null;
  /** Of the table's own files. */
  readonly writtenBytes: number;
  readonly writtenRows: number;
}

/**
 * What the refreshes since a moment took, by the summaries of their snapshots. Those from before they were measured, and
 * those whose snapshots are expired, are not counted.
 */
export async function refreshCosts(
  { objects }: Pick<Effects, 'objects'>,
  { layer, dataset }: Pick<Contract, 'layer' | 'dataset'>,
  since: Date,
): Promise<RefreshCosts> {
  const state = (await readPointer(objects, layer, dataset))?.pointer.tables[layer];
  const snapshots = state === undefined ? [] : (await openTable(objects, state)).metadata.snapshots;
  const measured = snapshots
    .filter((one) => one['timestamp-ms'] >= since.getTime())
    .map(({ summary }) => summary)
    .filter((summary) => summary[COST_KEYS.wallMs] !== undefined);
  const sum = (key: string): number =>
    measured.reduce((total, summary) => total + Number(summary[key] ?? 0), 0);
  const known = (key: string): number | null =>
    measured.some((summary) => summary[key] !== undefined) ? sum(key) : null;
  return {
    refreshes: measured.length,
    wallMs: sum(COST_KEYS.wallMs),
    cpuMs: known(COST_KEYS.cpuMs),
    readBytes: known(COST_KEYS.readBytes),
    writtenBytes: sum('added-files-size'),
    writtenRows: sum('added-records'),
  };
}
