import { datasetPath } from './datasets.ts';
import { runRoot } from './tables.ts';

/** Keys of what runs keep. They are made in this folder and nowhere else. */

/** Where the runs of a dataset keep theirs. */
export const stagingPrefix = (dataset: string): string => `ops/staging/${datasetPath(dataset)}/`;

/** Where a run keeps its plan, chunk results and findings, before and after its decision. */
export function runPrefix(dataset: string, runId: string): string {
  return `${stagingPrefix(dataset)}${runId}/`;
}

/** What a worker of the Map reads of a run's plan: a part of it, or, without a name, all. */
const partPrefix = (dataset: string, runId: string, part: string): string =>
  `${runPrefix(dataset, runId)}${part === '' ? '' : `${part}/`}`;

/** A run's plan, or a part of it. */
export const planKey = (dataset: string, runId: string, part = ''): string =>
  `${partPrefix(dataset, runId, part)}plan.json`;

export const chunkListKey = (dataset: string, runId: string): string =>
  `${runPrefix(dataset, runId)}chunks.json`;

/** The chunks whose range of a file is surveyed first, as a list like that of the chunks. */
export const surveyListKey = (dataset: string, runId: string): string =>
  `${runPrefix(dataset, runId)}surveys.json`;

/** What the survey of a chunk's range found. */
export const surveyKey = (dataset: string, runId: string, chunk: string): string =>
  `${runPrefix(dataset, runId)}survey-${chunk}.json`;

/** Which records of the files that are cut each chunk takes, of all chunks or those of a part of the plan. */
export const spansKey = (dataset: string, runId: string, part = ''): string =>
  `${partPrefix(dataset, runId, part)}spans.json`;

export const chunkResultPrefix = (dataset: string, runId: string): string =>
  `${runPrefix(dataset, runId)}chunk-`;

export const chunkKey = (dataset: string, runId: string, chunk: string): string =>
  `${chunkResultPrefix(dataset, runId)}${chunk}.json`;

/** What kept a chunk from being refined. */
export const chunkFailurePrefix = (dataset: string, runId: string): string =>
  `${runPrefix(dataset, runId)}failure-`;

export const chunkFailureKey = (dataset: string, runId: string, chunk: string): string =>
  `${chunkFailurePrefix(dataset, runId)}${chunk}.json`;

/** Records of a chunk that didn't pass, as Parquet. */
export const rejectsKey = (dataset: string, runId: string, chunk: string): string =>
  `${runPrefix(dataset, runId)}rejects-${chunk}.parquet`;

/** Raw values of a chunk's records whose key may stand twice, as Parquet. */
export const suspectsKey = (dataset: string, runId: string, chunk: string): string =>
  `${runPrefix(dataset, runId)}suspects-${chunk}.parquet`;

/** Folder of what a run asks of a set engine, and of its answers; without a trailing slash. */
export const setsFolder = (dataset: string, runId: string): string => `${runPrefix(dataset, runId)}sets`;

/** Hashes of the keys of a chunk's records, as Parquet. */
export const keysKey = (dataset: string, runId: string, chunk: string): string =>
  `${runPrefix(dataset, runId)}keys-${chunk}.parquet`;

/** The tasks of the workers that write Silver's files anew, as a list like that of the chunks. */
export const rewriteListKey = (dataset: string, runId: string): string =>
  `${runPrefix(dataset, runId)}rewrites.json`;

/** Which files one of these tasks is about. */
export const rewriteTaskKey = (dataset: string, runId: string, task: string): string =>
  `${runPrefix(dataset, runId)}rewrite-${task}.json`;

/** What became of a task's files. */
export const rewrittenPrefix = (dataset: string, runId: string): string =>
  `${runPrefix(dataset, runId)}rewritten-`;

export const rewrittenKey = (dataset: string, runId: string, task: string): string =>
  `${rewrittenPrefix(dataset, runId)}${task}.json`;

/** Which rows leave these files, as Parquet: their places, or their keys. */
export const leavingKey = (dataset: string, runId: string, name: string): string =>
  `${runPrefix(dataset, runId)}leaving-${name}.parquet`;

/** The records that a task leaves out of the run's files as they came, as Parquet. */
export const recoveredKey = (dataset: string, runId: string, task: string): string =>
  `${runPrefix(dataset, runId)}recovered-${task}.parquet`;

/** Where what promote will commit lies: the plan, and lists of its files where they are very many. */
export const commitPrefix = (dataset: string, runId: string): string => `${runPrefix(dataset, runId)}commit`;

/** What promote will commit. */
export const commitPlanKey = (dataset: string, runId: string): string =>
  `${commitPrefix(dataset, runId)}.json`;

/** Some of the files that it adds to Silver. */
export const commitPartKey = (dataset: string, runId: string, part: string): string =>
  `${commitPrefix(dataset, runId)}-${part}.json`;

/** The seal of a run, beside the data of the first generation, whichever generation the run is of. */
export function sealKey(dataset: string, version: string, runId: string): string {
  return `${runRoot('silver', dataset, version, runId)}/_SUCCESS`;
}

/** Where the documents of ops.runs, ops.alerts and ops.restatements lie. */
export const runsPrefix = (dataset?: string): string =>
  dataset === undefined ? 'ops/runs/' : `ops/runs/${datasetPath(dataset)}/`;

/** One document a run: how it ended, for ops.runs. */
export const runRecordKey = (dataset: string, runId: string): string => `${runsPrefix(dataset)}${runId}.json`;

/** Marks a run whose files wait for a person's decision. */
export const heldPrefix = (dataset?: string): string =>
  dataset === undefined ? 'ops/held/' : `ops/held/${datasetPath(dataset)}/`;

export const heldKey = (dataset: string, runId: string): string => `${heldPrefix(dataset)}${runId}.json`;

/** Which records of a run's files stand in Silver already, and where, as Parquet. */
export const repeatsPrefix = (dataset: string): string => `ops/twins/${datasetPath(dataset)}/`;

export const repeatsKey = (dataset: string, runId: string): string =>
  `${repeatsPrefix(dataset)}${runId}.parquet`;

/** Rows of events that a run took out of Silver, since an event with a smaller id has their stream and version, as Parquet. */
export const supersededKey = (dataset: string, runId: string): string =>
  `${repeatsPrefix(dataset)}${runId}${SUPERSEDED}`;

const SUPERSEDED = '.superseded.parquet';

/** The run of which a key under `repeatsPrefix` is, and whether it holds superseded rows instead of repeats. */
export function runOfTwins(
  dataset: string,
  key: string,
): { readonly runId: string; readonly isSuperseded: boolean } {
  const name = key.slice(repeatsPrefix(dataset).length);
  const isSuperseded = name.endsWith(SUPERSEDED);
  return { runId: name.slice(0, -(isSuperseded ? SUPERSEDED : '.parquet').length), isSuperseded };
}

/** Which files a run reads again, and replaces. */
export const backfillKey = (dataset: string, runId: string): string =>
  `ops/backfills/${datasetPath(dataset)}/${runId}.json`;

/** The circuit breaker's state; absent means closed. */
export const breakerKey = (dataset: string): string => `ops/breakers/${datasetPath(dataset)}.json`;

/** When somebody last asked for all of Bronze to be looked through, and not only its last days. */
export const lookKey = (dataset: string): string => `ops/looks/${datasetPath(dataset)}.json`;

/** Who runs a dataset now: moved by conditional writes only. */
export const leaseKey = (dataset: string): string => `ops/leases/${datasetPath(dataset)}.json`;

/** Notes that people were alerted to an unusable drop. */
export const refusalKey = (refusalId: string): string => `ops/leases/_refused/${refusalId}.json`;
