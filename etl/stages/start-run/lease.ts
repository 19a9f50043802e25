import { z } from 'zod';
import { ConflictError } from '../../errors.ts';
import { leaseKey } from '../../naming/runs.ts';
import type { Clock, DatasetRun, ObjectStore, WriteCondition } from '../../ports.ts';
import { parseDocument } from '../stored-documents.ts';

/** Who runs a dataset. It is free where it was never taken, or was given back. */
const Lease = z.object({
  runId: z.string(),
  startedAt: z.string(),
  releasedAt: z.string().exactOptional(),
});
export type Lease = z.infer<typeof Lease>;

/** A lease and the tag that whoever takes it over must name. */
export interface ReadLease {
  readonly lease: Lease;
  readonly etag: string;
}

/** What leases need of the world. */
export interface LeaseEffects {
  readonly objects: ObjectStore;
  readonly clock: Clock;
}

/** A dataset's lease as it stands; undefined where nobody ever had it. */
export async function readLease({ objects }: LeaseEffects, dataset: string): Promise<ReadLease | undefined> {
  const key = leaseKey(dataset);
  const stored = await objects.get(key);
  return stored === undefined
    ? undefined
    : { lease: parseDocument(stored.body, key, Lease), etag: stored.etag };
}

/** Takes the lease that was read, or the first one, for a run; false where somebody else was first. */
export async function takeLease(
  effects: LeaseEffects,
  { dataset, runId }: DatasetRun,
  before: ReadLease | undefined,
): Promise<boolean> {
  const startedAt = effects.clock.now().toISOString();
  return await writeLease(effects, dataset, { runId, startedAt }, before?.etag);
}

/**
 * Gives the lease back, if it is still this run's; a repeat does nothing. By a write and not a removal: that a later
 * run has taken it meanwhile must be noticed.
 */
export async function releaseLease({ dataset, runId }: DatasetRun, effects: LeaseEffects): Promise<void> {
  const read = await readLease(effects, dataset);
  if (read === undefined || read.lease.runId !== runId || read.lease.releasedAt !== undefined) return;
  const releasedAt = effects.clock.now().toISOString();
  await writeLease(effects, dataset, { ...read.lease, releasedAt }, read.etag);
}

async function writeLease(
  { objects }: LeaseEffects,
  dataset: string,
  lease: Lease,
  etag: string | undefined,
): Promise<boolean> {
  const condition: WriteCondition = etag === undefined ? { ifNoneMatch: '*' } : { ifMatch: etag };
  try {
    await objects.put(leaseKey(dataset), Buffer.from(`${JSON.stringify(lease, null, 1)}\n`), condition);
    return true;
  } catch (error) {
    if (error instanceof ConflictError) return false;
    throw error;
  }
}
