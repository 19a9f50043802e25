import { loadContracts } from '../contract/load-contracts.ts';
import { commitPlanKey, decisionKey, leaseKey, planKey, runPrefix, runRecordKey } from '../naming.ts';
import type { Effects } from '../ports.ts';
import { ChunkResult, CommitPlan, getDocument } from '../stages/documents.ts';
import type { Problem } from './problem.ts';

/** Objects that no snapshot names: `unused` are what killed or refused runs and lost races left, the others no run wrote. */
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
      runId === undefined ? undefined : (wroteOf.get(runId) ?? whatRunWrote(effects, dataset, runId));
    if (runId !== undefined && wrote !== undefined) wroteOf.set(runId, wrote);
    const isKnown = isMetadata || (await wrote)?.(key) === true;
    if (isKnown) unused.push(key);
    else problems.push({ code: 'EXTRA_FILE', key, problem: 'no snapshot names it, and no run wrote it' });
  }
  return { problems, unused };
}

/** Whether a run wrote a key. */
type Wrote = (key: string) => boolean;

/** A run that came to its commit says what it wrote; of one that didn't, and of Gold's files, anything may be. */
async function whatRunWrote(effects: Effects, dataset: string, runId: string): Promise<Wrote> {
  const { objects } = effects;
  const has = async (key: string): Promise<boolean> => (await objects.get(key)) !== undefined;
  if (!(await has(planKey(dataset, runId)))) {
    const isOurs = await hasRunAnywhere(effects, dataset, runId);
    return () => isOurs;
  }
  if (!(await has(commitPlanKey(dataset, runId)))) return () => true;
  const commit = await getDocument(objects, commitPlanKey(dataset, runId), CommitPlan);
  const files = [...commit.silver, ...commit.quarantine, ...commit.condemned, ...commit.ledger];
  const keys = new Set(files.map(({ key }) => key));
  for (const { key } of await objects.list(runPrefix(dataset, runId))) {
    if (!/\/chunk-\w+\.json$/.test(key)) continue;
    const chunk = await getDocument(objects, key, ChunkResult);
    for (const file of [...chunk.dataFiles, ...chunk.suspectFiles]) keys.add(file.key);
  }
  return (key) => keys.has(key);
}

/** Gold's files carry the id of the run or the decision that they were made after, of one of its inputs. */
async function hasRunAnywhere(effects: Effects, dataset: string, runId: string): Promise<boolean> {
  const { contracts } = await loadContracts(effects.contracts);
  const contract = contracts.get(dataset);
  const datasets = contract?.layer === 'gold' ? contract.inputs : [dataset];
  for (const one of datasets) {
    const keys = [runRecordKey, planKey, decisionKey, leaseKey].map((keyOf) => keyOf(one, runId));
    for (const key of keys) if ((await effects.objects.get(key)) !== undefined) return true;
  }
  return false;
}
