import { integerOf, readParquet } from '../engine/engine.ts';
import { DataError } from '../errors.ts';
import { atMost, inFlight } from '../in-flight.ts';
import { rewrittenKey, rewrittenPrefix } from '../naming/runs.ts';
import type { ObjectInfo } from '../ports.ts';
import { addWritten, readWritten, type Written } from '../refining/written.ts';
import { RewriteResult } from '../stages/rewrite-documents.ts';
import { getRunDocument, inFormat } from '../stages/run-documents.ts';
import { storedWritten, writtenOf } from './noted-files.ts';
import type { RewrittenFile } from './rewrite.ts';
import type { PlannedTask } from './rewrite-tasks.ts';
import type { Sealing } from './sealing.ts';
import { someCopies } from './some-copies.ts';

/** Documents that are read at once. */
const AT_ONCE = 32;

/** What workers made of the files that they had to write anew, by their numbers. */
export interface TakenTasks {
  readonly run: RewrittenFile[];
  readonly base: RewrittenFile[];
}

/**
 * What workers made of their tasks, each proven by what it says of itself, and told to `written`. `root` is the folder of the
 * run's Silver files. Throws DataError `REWRITE_MISSING` where a task was never done, `REWRITE_WRONG` where what it left
 * contradicts itself, and `REWRITE_CHANGED` where its files aren't as it left them.
 */
export async function takeRewritten(
  sealing: Sealing,
  tasks: readonly PlannedTask[],
  root: string,
): Promise<TakenTasks> {
  const { effects, context, written } = sealing;
  const { dataset, runId } = context.plan;
  const [files, documents] = await Promise.all(
    [`${root}/`, rewrittenPrefix(dataset, runId)].map(async (prefix) =>
      byKey(await effects.objects.list(prefix)),
    ),
  );
  const taken: TakenTasks = { run: [], base: [] };
  const recovered: string[] = [];
  const read = async (planned: PlannedTask): Promise<[PlannedTask, RewriteResult]> => {
    const key = rewrittenKey(dataset, runId, planned.id);
    if (documents?.has(key) !== true) throw missing(sealing, planned);
    return [planned, inFormat(await getRunDocument(effects.objects, key, RewriteResult), key)];
  };
  for await (const [planned, result] of inFlight(tasks, atMost(AT_ONCE), read)) {
    const rewritten = rewrittenOf(sealing, planned, result);
    const writtenMs = documents?.get(rewrittenKey(dataset, runId, planned.id))?.modifiedMs ?? 0;
    await requireAsWritten(sealing, { result, files: files ?? new Map(), writtenMs });
    if (planned.task.kind === 'run') {
      written.addRead(writtenOf(result.before), -1);
      written.addRead(writtenOf(result.after));
    }
    taken[planned.task.kind].push(...rewritten);
    if (result.recovered !== undefined) recovered.push(result.recovered.key);
  }
  taken.run.sort((a, b) => a.n - b.n);
  await takeRecovered(sealing, recovered);
  return taken;
}

/** Adds what workers recovered to `rejects`: each record that fails for what seal found, once. */
async function takeRecovered(
  { effects, engine, context: { plan } }: Sealing,
  keys: readonly string[],
): Promise<void> {
  for await (const paths of someCopies(effects.data, keys))
    await engine.run(`INSERT INTO rejects BY NAME SELECT * FROM ${readParquet(paths)}`);
  const place = 'source_file_id, source_row_number';
  const [row = {}] = await engine.rows(
    `SELECT count(*) AS n FROM (SELECT ${place}, n$ FROM excluded LEFT JOIN (SELECT ${place}, count(*) AS n$ FROM rejects GROUP BY ALL) USING (${place})) WHERE n$ IS DISTINCT FROM 1`,
  );
  const wrong = integerOf(row, 'n');
  if (wrong === 0) return;
  throw new DataError(
    'REWRITE_WRONG',
    `${wrong} records of run ${plan.runId} of ${plan.dataset} that don't go to Silver are missing in what the workers read again, or are there twice. Nothing was published; the files are taken up by the next run.`,
    { context: { dataset: plan.dataset, runId: plan.runId, records: wrong } },
  );
}

const byKey = (objects: readonly ObjectInfo[]): ReadonlyMap<string, ObjectInfo> =>
  new Map(objects.map((object) => [object.key, object]));

function missing({ context: { plan } }: Sealing, { id }: PlannedTask): DataError {
  return new DataError(
    'REWRITE_MISSING',
    `Task ${id} of run ${plan.runId} of ${plan.dataset} left no result: its worker never came to its end. Nothing was published; the files are taken up by the next run.`,
    { context: { dataset: plan.dataset, runId: plan.runId, task: id } },
  );
}

/** The files of a task's result; what it says of them must fit what the task is and what it says of itself. */
function rewrittenOf(sealing: Sealing, { id, task }: PlannedTask, result: RewriteResult): RewrittenFile[] {
  const { plan } = sealing.context;
  const planned = new Map(task.files.map((file) => [file.n, file]));
  const rewritten = result.files.flatMap(({ n, left, made }) => {
    const file = planned.get(n);
    return file === undefined ? [] : [{ n, file, left, made }];
  });
  const stayed = rewritten.every(
    ({ file, left, made }) =>
      left > 0 && made.reduce((sum, { recordCount }) => sum + recordCount, 0) === file.recordCount - left,
  );
  const left = rewritten.reduce((sum, one) => sum + one.left, 0);
  const isWhole =
    result.task === id &&
    new Set(result.files.map(({ n }) => n)).size === result.files.length &&
    rewritten.length === result.files.length &&
    (task.kind === 'base' || left === task.leaving?.rows) &&
    recordsOf(result.before) - recordsOf(result.after) === left;
  if (stayed && isWhole) return rewritten;
  throw new DataError(
    'REWRITE_WRONG',
    `What task ${id} of run ${plan.runId} of ${plan.dataset} left contradicts itself or what was asked of it. Nothing was published; the files are taken up by the next run.`,
    { context: { dataset: plan.dataset, runId: plan.runId, task: id } },
  );
}

const recordsOf = (written: RewriteResult['after']): number =>
  written.reduce((sum, { records }) => sum + records, 0);

/** What a task left, and what is there now. */
interface Left {
  readonly result: RewriteResult;
  /** The run's Silver files. */
  readonly files: ReadonlyMap<string, ObjectInfo>;
  /** When its document was written, by the store's clock. */
  readonly writtenMs: number;
}

/** New files that are younger than the document that names them are read once more: a late worker may have written them again. */
async function requireAsWritten(sealing: Sealing, { result, files, writtenMs }: Left): Promise<void> {
  const made = result.files.flatMap((file) => file.made);
  const changed = made.find(({ key, sizeBytes }) => files.get(key)?.sizeBytes !== sizeBytes);
  if (changed !== undefined) throw notAsWritten(sealing, result, changed.key);
  if (made.every(({ key }) => (files.get(key)?.modifiedMs ?? 0) <= writtenMs)) return;
  const { engine, held, context } = sealing;
  const found: Written = new Map();
  for (const batch of held.batches(made))
    addWritten(found, await readWritten(engine, context.contract, await held.paths(batch)));
  if (JSON.stringify(storedWritten(found)) !== JSON.stringify(result.after))
    throw notAsWritten(sealing, result, made[0]?.key ?? '');
}

function notAsWritten({ context: { plan } }: Sealing, { task }: RewriteResult, key: string): DataError {
  return new DataError(
    'REWRITE_CHANGED',
    `${key} isn't as task ${task} of run ${plan.runId} of ${plan.dataset} left it. Nothing was published; the files are taken up by the next run.`,
    { context: { dataset: plan.dataset, runId: plan.runId, task, key } },
  );
}
