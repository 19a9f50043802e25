import { runRecordKey, stagingPrefix } from '../naming/runs.ts';
import type { Effects } from '../ports.ts';
import { listWithheld } from '../stages/list-sources.ts';
import { RunRecord } from '../stages/outcomes.ts';
import { parseDocument } from '../stages/stored-documents.ts';

/** How many objects may go, and how long ago their run must have ended. */
export interface StagingBounds {
  readonly graceMs: number;
  /** Objects at most; those of a run go together, so that it may be a few more. */
  readonly most: number;
}

/**
 * Removes what ended runs had staged for their stages; returns how many objects. A run has ended if its record says so
 * and it isn't held; runs that died without a record are left to the vacuum. A repeat does what is left to do.
 */
export async function endStaging(
  effects: Pick<Effects, 'objects' | 'clock'>,
  dataset: string,
  { graceMs, most }: StagingBounds,
): Promise<number> {
  const { objects, clock } = effects;
  const dueMs = clock.now().getTime() - graceMs;
  let removed = 0;
  for (const keys of (await endedRuns(effects, dataset, dueMs)).values()) {
    if (removed >= most) break;
    for (const key of keys) await objects.remove(key);
    removed += keys.length;
  }
  return removed;
}

/** Keys of what runs staged that ended before a moment, by their ids. */
export async function endedRuns(
  effects: Pick<Effects, 'objects'>,
  dataset: string,
  beforeMs: number,
): Promise<Map<string, string[]>> {
  const withheld = await listWithheld(effects, dataset);
  const held = new Set(withheld.flatMap(({ runId, decision }) => (decision === 'held' ? [runId] : [])));
  const ended = new Map<string, string[]>();
  for (const [runId, keys] of await stagedRuns(effects, dataset)) {
    if (!held.has(runId) && (await hasEnded(effects, { dataset, runId }, beforeMs))) ended.set(runId, keys);
  }
  return ended;
}

async function stagedRuns(
  { objects }: Pick<Effects, 'objects'>,
  dataset: string,
): Promise<Map<string, string[]>> {
  const prefix = stagingPrefix(dataset);
  const runs = new Map<string, string[]>();
  for (const { key } of await objects.list(prefix)) {
    const runId = key.slice(prefix.length).split('/', 1).join();
    const keys = runs.get(runId) ?? [];
    keys.push(key);
    runs.set(runId, keys);
  }
  return runs;
}

async function hasEnded(
  { objects }: Pick<Effects, 'objects'>,
  { dataset, runId }: { readonly dataset: string; readonly runId: string },
  beforeMs: number,
): Promise<boolean> {
  const key = runRecordKey(dataset, runId);
  const stored = await objects.get(key);
  if (stored === undefined) return false;
  const { status, endedAt } = parseDocument(stored.body, key, RunRecord);
  return status !== 'held' && Date.parse(endedAt) <= beforeMs;
}
