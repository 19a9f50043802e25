import { z } from 'zod';
import type { ProjectionContract } from '../contract/contract.ts';
import { loadContracts } from '../contract/load-contracts.ts';
import { tableName } from '../naming/datasets.ts';
import { alertKey } from '../naming/told.ts';
import type { Effects } from '../ports.ts';
import { countsOf, type RefreshCounts } from '../projecting/refresh-summary.ts';
import { parseDocument } from '../stages/stored-documents.ts';
import { openTable } from '../table/lake-table.ts';
import { type Pointer, readPointer } from '../table/pointer.ts';

type Found =
  | ({ readonly status: 'refreshed' } & RefreshCounts)
  /** It stays at its last good state: its code or contract is wrong. */
  | { readonly status: 'failed'; readonly code: string; readonly message: string }
  /** It isn't folded from what the run published, and nobody was told why. */
  | { readonly status: 'behind' };

/** What became of a projection after a run of its events. */
export type ProjectionAfter = Found & {
  readonly projection: string;
  /** As analysts write it, e.g. `projection.shop_carts`. */
  readonly table: string;
};

/** A run, and the snapshot of the events that it published. */
export interface AfterRun {
  readonly dataset: string;
  readonly runId: string;
  readonly snapshotId: number | null;
}

/**
 * What became of the projections of a dataset after a run of it, by name; those for which nothing was to do are left out, and
 * those that were refreshed once the snapshots of then have expired.
 */
export async function projectionsAfter(
  effects: Pick<Effects, 'objects' | 'contracts'>,
  run: AfterRun,
): Promise<ProjectionAfter[]> {
  const { contracts } = await loadContracts(effects.contracts);
  const after: ProjectionAfter[] = [];
  for (const contract of contracts.values()) {
    if (contract.layer !== 'projection' || !contract.inputs.includes(run.dataset)) continue;
    const found = await projectionAfter(effects, contract, run);
    const named = { projection: contract.dataset, table: tableName('projection', contract.dataset) };
    if (found !== undefined) after.push({ ...named, ...found });
  }
  return after.sort((a, b) => (a.projection < b.projection ? -1 : 1));
}

async function projectionAfter(
  { objects }: Pick<Effects, 'objects'>,
  { dataset }: ProjectionContract,
  run: AfterRun,
): Promise<Found | undefined> {
  const pointer = (await readPointer(objects, 'projection', dataset))?.pointer;
  const counts = await refreshedBy(objects, pointer, run.runId);
  if (counts !== undefined) return { status: 'refreshed', ...counts };
  const failure = await failureOf(objects, dataset, run.runId);
  if (failure !== undefined) return { status: 'failed', ...failure };
  if (run.snapshotId === null || pointer?.inputs?.[run.dataset] === run.snapshotId) return undefined;
  const now = (await readPointer(objects, 'silver', run.dataset))?.pointer.snapshot_id;
  return now === run.snapshotId ? { status: 'behind' } : undefined;
}

/** What the refresh after a run did; undefined where there was none, or its snapshots have expired. */
async function refreshedBy(
  objects: Effects['objects'],
  pointer: Pointer | undefined,
  runId: string,
): Promise<RefreshCounts | undefined> {
  const state = pointer?.tables.projection_state;
  if (state === undefined) return undefined;
  const { metadata } = await openTable(objects, state);
  const own = metadata.snapshots.findLast(({ summary }) => summary['assay.run-id'] === runId);
  return own === undefined ? undefined : countsOf(own.summary);
}

const Failed = z.object({
  dataset: z.string(),
  details: z.object({ code: z.string(), message: z.string() }),
});

/** Why a projection could not be brought up to date after a run, as people were told; undefined where it could. */
export async function failureOf(
  objects: Effects['objects'],
  projection: string,
  runId: string,
): Promise<{ readonly code: string; readonly message: string } | undefined> {
  const key = alertKey(runId, 'projection-failed', projection);
  const stored = await objects.get(key);
  if (stored === undefined) return undefined;
  const { code, message } = parseDocument(stored.body, key, Failed).details;
  return { code, message };
}
