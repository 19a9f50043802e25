import { z } from 'zod';
import type { Contract } from '../contract/contract.ts';
import { DEFAULT_SNAPSHOTS } from '../contract/read-upkeep.ts';
import { ConflictError } from '../errors.ts';
import { sendEvents } from '../events/outbox.ts';
import { tendingKey } from '../naming/upkeep.ts';
import { compact } from '../operations/compact.ts';
import { expire } from '../operations/expire.ts';
import { endPeriods } from '../personal/retention.ts';
import type { Effects } from '../ports.ts';
import { parseDocument, putDocument } from '../stages/stored-documents.ts';
import { readPointer } from '../table/pointer.ts';
import { withSpan } from '../telemetry.ts';
import { endStaging } from './end-staging.ts';
import { planJoining } from './plan-joining.ts';
import { finishRemovals } from './removals.ts';

/** How much upkeep one call does; the rest waits for the next, so that no call pays for a backlog. */
export interface TendBounds {
  /** Commits since the last time before anything is looked at, unless a day went by. */
  readonly everyCommits: number;
  /** Snapshots that must be due before a commit is made for them, and how many go in it at most. */
  readonly snapshots: { readonly least: number; readonly most: number };
  /** Files and staged objects that are removed at most, of each. */
  readonly mostRemoved: number;
  /** Bytes of small files that are joined at most. */
  readonly mostBytes: number;
  /** Whether a person asked for it: then it runs even if the contract turns it off. */
  readonly isAsked?: boolean;
}

/** Between two runs of a lake in a folder, which wait for it. */
export const BETWEEN_RUNS: TendBounds = {
  everyCommits: 32,
  snapshots: { least: 16, most: 128 },
  mostRemoved: 2_000,
  mostBytes: 64 * 1024 * 1024,
};

/** Once a night, when nobody waits. */
export const NIGHTLY: TendBounds = {
  everyCommits: 0,
  snapshots: { least: 1, most: 2_000 },
  mostRemoved: 20_000,
  mostBytes: 512 * 1024 * 1024,
};

/** Grace period for readers and running stages, before staging and files that no snapshot names are removed. */
export const GRACE_MS = 3_600_000;

const DAY_MS = 86_400_000;

/** Who the decisions of the upkeep are by. */
const WORD = { by: 'assay', reason: 'upkeep: small files are joined by themselves' } as const;

/** What was done. */
export interface Tended {
  readonly dataset: string;
  readonly layer: Contract['layer'];
  /** Why nothing was done; null where something was looked at. */
  readonly skipped: 'off' | 'not due' | 'nothing published' | null;
  /** Snapshots that were expired, of all tables together. */
  readonly expired: number;
  /** Files of expired snapshots that went. */
  readonly removed: number;
  /** Objects that went of what ended runs had staged. */
  readonly unstaged: number;
  /** Small files of Silver that were joined. */
  readonly joined: number;
  /** Steps that lost a race to a run; the next time does them. */
  readonly conflicts: number;
  /** Months of data groups that were past their retention: their keys were destroyed, even where the contract turns upkeep off. */
  readonly endedPeriods: number;
}

/** When the upkeep was last done, and on which version of the pointer. */
export const Tending = z.object({ dataset: z.string(), version: z.number().int(), at: z.string() });

/**
 * The upkeep of a dataset or a Gold table, in bounded steps: removes files of expired snapshots and ended runs'
 * staging, joins small files of Silver, expires snapshots as the contract says. Keeps everything that a reader, a held
 * run, a rollback within what is kept, Gold or an audit needs. Each step runs after the commit that stops naming what
 * it removes, and can be repeated; one that loses a race to a run waits for the next time.
 */
export async function tend(effects: Effects, contract: Contract, bounds: TendBounds): Promise<Tended> {
  const tended = await tendTables(effects, contract, bounds);
  // A promise to people, and no matter of upkeep.
  return { ...tended, endedPeriods: (await endPeriods(effects, contract)).length };
}

async function tendTables(
  effects: Effects,
  contract: Contract,
  bounds: TendBounds,
): Promise<Omit<Tended, 'endedPeriods'>> {
  const { dataset, layer } = contract;
  await sendEvents(effects, dataset);
  const none = { dataset, layer, expired: 0, removed: 0, unstaged: 0, joined: 0, conflicts: 0 };
  if (contract.tend === false && bounds.isAsked !== true) return { ...none, skipped: 'off' };
  const version = (await readPointer(effects.objects, layer, dataset))?.pointer.version;
  if (version === undefined) return { ...none, skipped: 'nothing published' };
  if (!(await isDue(effects, dataset, { version, everyCommits: bounds.everyCommits })))
    return { ...none, skipped: 'not due' };
  return withSpan('assay.tend', { 'assay.dataset': dataset }, async () => {
    const done = await doSteps(effects, contract, bounds);
    // Its own commits count as well: read anew.
    const now = (await readPointer(effects.objects, layer, dataset))?.pointer.version ?? version;
    const at = effects.clock.now().toISOString();
    await putDocument(effects.objects, tendingKey(dataset), { dataset, version: now, at });
    return { ...none, ...done, skipped: null };
  });
}

interface Due {
  readonly version: number;
  readonly everyCommits: number;
}

async function isDue(
  { objects, clock }: Effects,
  dataset: string,
  { version, everyCommits }: Due,
): Promise<boolean> {
  const key = tendingKey(dataset);
  const stored = everyCommits === 0 ? undefined : await objects.get(key);
  if (stored === undefined) return everyCommits === 0 || version >= everyCommits;
  const last = parseDocument(stored.body, key, Tending);
  return version >= last.version + everyCommits || clock.now().getTime() >= Date.parse(last.at) + DAY_MS;
}

type Steps = Pick<Tended, 'expired' | 'removed' | 'unstaged' | 'joined' | 'conflicts'>;

async function doSteps(effects: Effects, contract: Contract, bounds: TendBounds): Promise<Steps> {
  const { dataset, layer } = contract;
  const { mostRemoved: most, mostBytes } = bounds;
  let conflicts = 0;
  const orLater = async (step: () => Promise<number>): Promise<number> => {
    try {
      return await step();
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error;
      conflicts += 1;
      return 0;
    }
  };
  const bounded = { graceMs: GRACE_MS, most };
  const removed = await finishRemovals(effects, { dataset, layer }, bounded);
  const unstaged = layer !== 'silver' ? 0 : await endStaging(effects, dataset, bounded);
  const joined = layer !== 'silver' ? 0 : await orLater(() => joinSmall(effects, dataset, mostBytes));
  const expired = await orLater(() => expireDue(effects, contract, bounds));
  return { removed, unstaged, joined, expired, conflicts };
}

async function joinSmall(effects: Effects, dataset: string, mostBytes: number): Promise<number> {
  const plan = (files: Parameters<typeof planJoining>[0]) => planJoining(files, mostBytes);
  const request = { dataset, targetBytes: mostBytes, isDryRun: false, plan };
  const { joined } = await compact(effects, request, WORD);
  return joined.reduce((sum, { filesBefore }) => sum + filesBefore, 0);
}

async function expireDue(
  effects: Effects,
  contract: Contract,
  { snapshots: bounds }: TendBounds,
): Promise<number> {
  const { dataset, snapshots = DEFAULT_SNAPSHOTS } = contract;
  const { keepMs, atLeast, atMost } = snapshots;
  const { most } = bounds;
  // What is made by consent waits for no others.
  const least = contract.layer === 'gold' && contract.purpose !== undefined ? 1 : bounds.least;
  const before = new Date(effects.clock.now().getTime() - keepMs);
  const { expired, generations } = await expire(effects, { dataset, before, atLeast, atMost, least, most });
  return Object.values(expired).reduce((sum, ids) => sum + ids.length, generations.length);
}
