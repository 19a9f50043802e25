import { auditExtras } from '../audit/audit-extras.ts';
import { auditTables } from '../audit/audit-tables.ts';
import type { Contract } from '../contract/contract.ts';
import { madeOf } from '../contract/made-of.ts';
import { DataError } from '../errors.ts';
import { retriesPrefix, retryOf } from '../naming/decisions.ts';
import { commitPrefix, planKey, sealKey, stagingPrefix } from '../naming/runs.ts';
import { tableRoot } from '../naming/tables.ts';
import { refreshesPrefix, writerKey, writersPrefix } from '../naming/upkeep.ts';
import type { Effects, ObjectInfo } from '../ports.ts';
import { TABLES_OF } from '../stages/dataset-tables.ts';
import { readKnownPointer } from '../stages/known-pointer.ts';
import { newRunId } from '../stages/run-id.ts';
import { rootsOfAll } from '../table/generations.ts';
import type { Pointer } from '../table/pointer.ts';
import { findRuns, type RunsNow } from './runs-now.ts';
import { VACUUM, withWriter } from './with-writer.ts';

/** What to tidy, and how old it must be. */
export interface VacuumRequest {
  readonly contract: Contract;
  /** Only what wasn't written for so long is removed. */
  readonly olderThanMs: number;
  /** Only says what would be removed. */
  readonly isDryRun: boolean;
}

/** What a vacuum removed, or would. */
export interface Vacuumed {
  readonly dataset: string;
  readonly layer: Contract['layer'];
  /** Why nothing was removed, where somebody may still be writing; null where nobody is. */
  readonly skipped: string | null;
  readonly removed: readonly ObjectInfo[];
  /** Leftovers that are younger than asked for. */
  readonly young: number;
}

/**
 * Removes what nobody needs: data and metadata files that no snapshot names (of killed and refused runs, lost races,
 * expired snapshots), and what ended runs left for their stages. Keeps files that a snapshot names, those of held runs,
 * and those that no run of ours wrote. Removes nothing while a run or other work may be under way; work that begins
 * later writes new files, too young to remove. Ages are by the store's own clock. Throws DataError `TABLE_DAMAGED`
 * where it can't tell what snapshots name.
 */
export async function vacuum(effects: Effects, request: VacuumRequest): Promise<Vacuumed> {
  const now = effects.clock.now();
  if (request.isDryRun) return await vacuumAt(effects, request, { nowMs: now.getTime() });
  const { dataset } = request.contract;
  const id = newRunId(now);
  return await withWriter(effects, { dataset, id, kind: VACUUM }, async () => {
    const key = writerKey(dataset, id);
    const [mark = { key, modifiedMs: now.getTime() }] = await effects.objects.list(key);
    return await vacuumAt(effects, request, { nowMs: mark.modifiedMs, mark: key });
  });
}

/** Uses the store's time: by a clock ahead of it, files being written now would look old. */
async function vacuumAt(
  effects: Effects,
  { contract, olderThanMs, isDryRun }: VacuumRequest,
  { nowMs, mark }: { readonly nowMs: number; readonly mark?: string },
): Promise<Vacuumed> {
  const { dataset, layer } = contract;
  // Upgrades of a Gold table write its files, too, not only runs of its inputs.
  const sources = [...madeOf(contract), dataset];
  const runs = await Promise.all(sources.map((source) => findRuns(effects, source, { nowMs, olderThanMs })));
  const active = runs.flatMap((one) => one.active);
  const head = { dataset, layer };
  if (active.length > 0) return { ...head, skipped: active.join('; '), removed: [], young: 0 };
  const pointer = (await readKnownPointer(effects.objects, layer, dataset))?.pointer;
  const left = (await leftovers(effects, { contract, pointer, runs })).filter(({ key }) => key !== mark);
  const removed = left.filter(({ modifiedMs }) => modifiedMs <= nowMs - olderThanMs);
  if (!isDryRun) for (const { key } of removed) await effects.objects.remove(key);
  return { ...head, skipped: null, removed, young: left.length - removed.length };
}

interface Looking {
  readonly contract: Contract;
  readonly pointer: Pointer | undefined;
  readonly runs: readonly RunsNow[];
}

/** What nobody needs, in the order to remove it: a file goes before what marks it as a leftover. */
async function leftovers(effects: Effects, { contract, pointer, runs }: Looking): Promise<ObjectInfo[]> {
  const { dataset } = contract;
  const roots = new Set([
    ...TABLES_OF[contract.layer].map((layer) => tableRoot(layer, dataset)),
    ...(pointer === undefined ? [] : rootsOfAll(pointer)),
  ]);
  const listed = await Promise.all([...roots].map((root) => effects.objects.list(`${root}/`)));
  const stored = new Map(listed.flat().map((object) => [object.key, object]));
  const sizes = new Map(listed.flat().map(({ key, sizeBytes }) => [key, sizeBytes]));
  const named = pointer === undefined ? new Set<string>() : await namedFiles(effects, pointer, sizes);
  const held = new Set(runs.flatMap((one) => [...one.held]));
  const { unused } = await auditExtras(effects, dataset, stored.keys(), named);
  const files = unused.flatMap((key) => {
    const runId = runIdOf(key);
    const object = stored.get(key);
    // Metadata doesn't name its run, and a held run would write it again under the same name.
    const isHeld = runId === undefined ? held.size > 0 : held.has(runId);
    return object === undefined || isHeld ? [] : [object];
  });
  // Whoever left a mark young enough to be at work would have stopped the vacuum.
  const marks = await effects.objects.list(writersPrefix(dataset));
  if (contract.layer !== 'silver')
    return [...files, ...(await refreshLeftovers(effects, dataset, stored.keys())), ...marks];
  const [own] = runs;
  const staged = own === undefined ? [] : await stagedLeftovers(effects, contract, { own, stored });
  return [...files, ...staged, ...marks];
}

/** Documents of a Gold table's refreshes whose files are all gone. */
async function refreshLeftovers(
  { objects }: Effects,
  dataset: string,
  stored: Iterable<string>,
): Promise<ObjectInfo[]> {
  const runIds = new Set([...stored].map(runIdOf));
  const listed = await objects.list(refreshesPrefix(dataset));
  return listed.filter(({ key }) => !runIds.has(key.slice(refreshesPrefix(dataset).length, -'.json'.length)));
}

const runIdOf = (key: string): string | undefined => /\/run_id=([\w-]+)\//.exec(key)?.[1];

/** Every object that some snapshot names. */
async function namedFiles(
  effects: Effects,
  pointer: Pointer,
  sizes: ReadonlyMap<string, number>,
): Promise<ReadonlySet<string>> {
  const { named, problems } = await auditTables(effects, pointer, sizes);
  const damage = problems.find(({ code }) => code === 'METADATA' || code === 'POINTER');
  if (damage === undefined) return named;
  throw new DataError(
    'TABLE_DAMAGED',
    `Which files of ${pointer.dataset} are needed can't be told, so that none is removed: ${damage.key}: ${damage.problem}. 'assay audit --dataset ${pointer.dataset}' says more.`,
    { context: { dataset: pointer.dataset, key: damage.key } },
  );
}

/** What ended runs left for their stages, retries never finished, and leases of dead runs. */
async function stagedLeftovers(
  { objects }: Effects,
  { dataset, version }: Contract,
  { own, stored }: { readonly own: RunsNow; readonly stored: ReadonlyMap<string, ObjectInfo> },
): Promise<ObjectInfo[]> {
  const staged: ObjectInfo[] = [];
  const last: ObjectInfo[] = [];
  for (const object of await objects.list(stagingPrefix(dataset))) {
    const runId = object.key.slice(stagingPrefix(dataset).length).split('/', 1).join();
    if (own.held.has(runId)) continue;
    const isEvidence =
      object.key === planKey(dataset, runId) || object.key.startsWith(commitPrefix(dataset, runId));
    if (!isEvidence) staged.push(object);
    else if (own.dead.has(runId)) last.push(object);
  }
  for (const runId of own.dead) {
    const seal = stored.get(sealKey(dataset, version, runId));
    if (seal !== undefined) last.push(seal);
  }
  const retries = await objects.list(retriesPrefix(dataset));
  const keys = new Set(retries.map(({ key }) => key));
  const unfinished = retries.filter(({ key }) => !keys.has(manifestOf(dataset, key)));
  return [...staged, ...unfinished, ...last];
}

/** Key of the manifest that a retry's object belongs to: written last, it makes the retry whole. */
function manifestOf(dataset: string, key: string): string {
  return retryOf(dataset, key.replace(/\.(origins\.parquet|json)$/, '.csv'))?.manifest ?? key;
}
