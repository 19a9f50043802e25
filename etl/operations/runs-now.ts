import { runRecordKey, stagingPrefix } from '../naming/runs.ts';
import { writersPrefix } from '../naming/upkeep.ts';
import type { Effects, ObjectInfo } from '../ports.ts';
import { keptStates, openLedger, statesOf } from '../stages/dataset-history.ts';
import { listWithheld } from '../stages/list-sources.ts';
import { readLease } from '../stages/start-run/lease.ts';
import { parseDocument } from '../stages/stored-documents.ts';
import { readPointer } from '../table/pointer.ts';
import { VACUUM, Writer } from './with-writer.ts';

/** The state machine ends a run after six hours (its TimeoutSeconds); one more for its last writes. */
export const LONGEST_RUN_MS = 7 * 3_600_000;

/** How the runs of a dataset stand that have files which may not be named by any snapshot. */
export interface RunsNow {
  /** Who may still be writing, one sentence each. */
  readonly active: readonly string[];
  /** Runs that wait for a decision: all they staged is needed. */
  readonly held: ReadonlySet<string>;
  /** Runs that ended without a word: neither published nor recorded, and silent for long. */
  readonly dead: ReadonlySet<string>;
}

/**
 * Who may be at work on a dataset: runs that neither ended nor were silent for longer than a run may take (and than
 * asked for), a lease holder within that time, and other equally recent work. Held runs don't count. `nowMs` is the
 * store's own time, which its objects are dated by.
 */
export async function findRuns(
  effects: Effects,
  dataset: string,
  { nowMs, olderThanMs }: { readonly nowMs: number; readonly olderThanMs: number },
): Promise<RunsNow> {
  const silentMs = nowMs - Math.max(olderThanMs, LONGEST_RUN_MS);
  const withheld = await listWithheld(effects, dataset);
  const held = new Set(withheld.flatMap(({ runId, decision }) => (decision === 'held' ? [runId] : [])));
  const published = await publishedRuns(effects, dataset);
  const active = [
    ...(await activeLease(effects, dataset, silentMs)),
    ...(await activeWriters(effects, dataset, silentMs)),
  ];
  const dead = new Set<string>();
  for (const [runId, objects] of await stagedRuns(effects, dataset)) {
    if (held.has(runId) || published.has(runId)) continue;
    if ((await effects.objects.get(runRecordKey(dataset, runId))) !== undefined) continue;
    const newestMs = Math.max(...objects.map(({ modifiedMs }) => modifiedMs));
    if (newestMs <= silentMs) dead.add(runId);
    else active.push(`run ${runId} of ${dataset} may be under way: it wrote at ${isoOf(newestMs)}`);
  }
  return { active, held, dead };
}

const isoOf = (ms: number): string => new Date(ms).toISOString();

/** What each run staged, by its id. */
async function stagedRuns(effects: Effects, dataset: string): Promise<Map<string, ObjectInfo[]>> {
  const prefix = stagingPrefix(dataset);
  const runs = new Map<string, ObjectInfo[]>();
  for (const object of await effects.objects.list(prefix)) {
    const runId = object.key.slice(prefix.length).split('/', 1).join();
    runs.set(runId, [...(runs.get(runId) ?? []), object]);
  }
  return runs;
}

/** Runs that were published, also where the process died before it could record that. */
async function publishedRuns(effects: Effects, dataset: string): Promise<Set<string>> {
  const pointer = (await readPointer(effects.objects, 'silver', dataset))?.pointer;
  const ledger = pointer === undefined ? undefined : await openLedger(effects, pointer);
  const states = ledger === undefined ? [] : [...(await keptStates(effects, dataset)), ...statesOf(ledger)];
  return new Set(states.map(({ run_id }) => run_id));
}

/** A lease's run may have written nothing yet. */
async function activeLease(effects: Effects, dataset: string, silentMs: number): Promise<string[]> {
  const lease = (await readLease(effects, dataset))?.lease;
  if (lease === undefined || lease.releasedAt !== undefined || Date.parse(lease.startedAt) <= silentMs)
    return [];
  return [`run ${lease.runId} of ${dataset} may be under way since ${lease.startedAt}`];
}

async function activeWriters(effects: Effects, dataset: string, silentMs: number): Promise<string[]> {
  const active: string[] = [];
  for (const { key, modifiedMs } of await effects.objects.list(writersPrefix(dataset))) {
    const stored = modifiedMs > silentMs ? await effects.objects.get(key) : undefined;
    if (stored === undefined) continue;
    const { kind, id, at } = parseDocument(stored.body, key, Writer);
    // Vacuums only remove unneeded files and don't disturb each other.
    if (kind === VACUUM) continue;
    active.push(`${kind} ${id} of ${dataset} may be under way since ${at}`);
  }
  return active;
}
