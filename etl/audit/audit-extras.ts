import { loadContracts } from '../contract/load-contracts.ts';
import { madeOf } from '../contract/made-of.ts';
import { DataError } from '../errors.ts';
import { decisionKey } from '../naming/decisions.ts';
import { commitPlanKey, planKey, runPrefix, runRecordKey } from '../naming/runs.ts';
import { refreshKey, writerKey } from '../naming/upkeep.ts';
import type { Effects } from '../ports.ts';
import { getCommitPlan } from '../stages/commit-plans.ts';
import { ChunkResult, Plan } from '../stages/documents.ts';
import { getDocument, parseDocument } from '../stages/stored-documents.ts';
import type { Problem } from './problem.ts';

/** Objects that no snapshot names. Killed or refused runs and lost races left the `unused`; no run wrote the others. */
export interface ExtrasAudit {
  readonly problems: Problem[];
  readonly unused: string[];
}

/** Looks at every object of a dataset's tables that no snapshot names. */
export async function auditExtras(
  effects: Effects,
  dataset: string,
  stored: Iterable<string>,
  named: ReadonlySet<string>,
): Promise<ExtrasAudit> {
  const problems: Problem[] = [];
  const unused: string[] = [];
  const wroteOf = new Map<string, Promise<Wrote>>();
  for (const key of stored) {
    if (named.has(key) || /\/(_LATEST\.json|_SUCCESS)$/.test(key)) continue;
    const runId = /\/run_id=([\w-]+)\/(?:year=\d+\/month=\d+\/)?part-[\w-]+\.parquet$/.exec(key)?.[1];
    const isMetadata = /\/metadata\/[\w.-]+\.(avro|metadata\.json)$/.test(key);
    const wrote =
      runId === undefined
        ? undefined
        : (wroteOf.get(runId) ?? orDamaged(whatRunWrote(effects, dataset, runId), problems));
    if (runId !== undefined && wrote !== undefined) wroteOf.set(runId, wrote);
    const isKnown = isMetadata || (await wrote)?.(key) === true;
    if (isKnown) unused.push(key);
    else problems.push({ code: 'EXTRA_FILE', key, problem: 'no snapshot names it, and no run wrote it' });
  }
  return { problems, unused };
}

/** Whether a run wrote a key. */
type Wrote = (key: string) => boolean;

/** Where a run's own documents can't be read, that is the problem, and not the files that it may have written. */
async function orDamaged(wrote: Promise<Wrote>, problems: Problem[]): Promise<Wrote> {
  try {
    return await wrote;
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
    problems.push({ code: 'METADATA', key: String(error.context.key ?? ''), problem: error.message });
    return () => true;
  }
}

/**
 * Which keys a run may have written: those of its commit plan and chunks. Any key if it has no commit plan, was
 * replanned, or made Gold.
 */
async function whatRunWrote(effects: Effects, dataset: string, runId: string): Promise<Wrote> {
  const { objects } = effects;
  const stored = await objects.get(planKey(dataset, runId));
  if (stored === undefined) {
    const isOurs = await hasRunAnywhere(effects, dataset, runId);
    return () => isOurs;
  }
  const plan = parseDocument(stored.body, planKey(dataset, runId), Plan);
  const hasCommit = (await objects.get(commitPlanKey(dataset, runId))) !== undefined;
  if (!hasCommit || plan.replans !== undefined || plan.rest !== undefined) return () => true;
  const commit = await getCommitPlan(objects, { dataset, runId }, getDocument);
  const files = [...commit.silver, ...commit.quarantine, ...commit.condemned, ...commit.ledger];
  const keys = new Set(files.map(({ key }) => key));
  for (const { key } of await objects.list(runPrefix(dataset, runId))) {
    if (!/\/chunk-\w+\.json$/.test(key)) continue;
    const chunk = await getDocument(objects, key, ChunkResult);
    for (const file of [...chunk.dataFiles, ...chunk.suspectFiles]) keys.add(file.key);
  }
  return (key) => keys.has(key);
}

/**
 * Whether a run or decision of this id left a trace. Gold's files carry an id of an input's, or of Gold's own. A
 * refresh that found nothing else to do leaves only its own document.
 */
async function hasRunAnywhere(effects: Effects, dataset: string, runId: string): Promise<boolean> {
  const { contracts } = await loadContracts(effects.contracts);
  const contract = contracts.get(dataset);
  if ((await effects.objects.get(refreshKey(dataset, runId))) !== undefined) return true;
  const datasets = contract === undefined ? [dataset] : [...madeOf(contract), dataset];
  for (const one of datasets) {
    const keys = [runRecordKey, planKey, decisionKey, writerKey].map((keyOf) => keyOf(one, runId));
    for (const key of keys) if ((await effects.objects.get(key)) !== undefined) return true;
  }
  return false;
}
