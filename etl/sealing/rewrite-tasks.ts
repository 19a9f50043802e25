import { bySize } from '../by-size.ts';
import { type Engine, integerOf, textOf } from '../engine/engine.ts';
import { DataError } from '../errors.ts';
import { hashOf } from '../naming/bronze.ts';
import { leavingKey } from '../naming/runs.ts';
import type { ObjectStore } from '../ports.ts';
import type { ChunkResult, Plan } from '../stages/documents.ts';
import { filesToRead } from '../stages/files-to-read.ts';
import { CHUNK_BYTES } from '../stages/make-plan.ts';
import { partsOf } from '../stages/plan-parts.ts';
import { type RewriteTask, taskDigest } from '../stages/rewrite-documents.ts';
import { RUN_FORMAT } from '../stages/run-documents.ts';
import { keyIdentifiers, type ListMark, markOf, markSql, PLACE_COLUMNS } from './leaving.ts';
import type { NumberedFile } from './rewrite.ts';
import type { Sealing } from './sealing.ts';

/** Files that rows may have to leave: some of the run's and some of the base's. */
export interface FilesToRewrite {
  readonly run: { readonly files: readonly NumberedFile[]; readonly partPrefix: string };
  readonly base: { readonly files: readonly NumberedFile[]; readonly partPrefix: string };
  readonly chunks: readonly ChunkResult[];
  /** Whether rows of the base give way to new ones with their keys. */
  readonly isSuperseding: boolean;
}

/** A task, its name, and the SELECT of the list that it needs. */
export interface PlannedTask {
  readonly id: string;
  /** The part of the plan that its chunks are in. */
  readonly part: string;
  readonly task: RewriteTask;
  readonly list?: string;
}

/**
 * What workers have to do, each a chunk's size of files at most, or one file. The same run on the same base has the same
 * tasks, named by what they say. Makes the tables that their lists are of. Needs `left_out`, or `superseded`.
 */
export async function rewriteTasks(sealing: Sealing, files: FilesToRewrite): Promise<PlannedTask[]> {
  const { plan } = sealing.context;
  const tasks = [...(await tasksOfRun(sealing, files)), ...(await tasksOfBase(sealing, files))];
  return tasks.map(({ mark, list, part, ...rest }, n) => {
    const number = String(n + 1).padStart(4, '0');
    // The base's tasks share one list.
    const name = `${rest.kind === 'base' ? 'base' : number}-${hashOf(JSON.stringify([plan.plannedAt, mark]), 16)}`;
    const leaving = mark && { key: leavingKey(plan.dataset, plan.runId, name), ...mark };
    const task = {
      ...{ format: RUN_FORMAT, plannedAt: plan.plannedAt, ...rest },
      ...(leaving === undefined ? {} : { leaving }),
    };
    return { id: `${number}-${taskDigest(task)}`, part, task, ...(list === undefined ? {} : { list }) };
  });
}

interface Draft extends Pick<RewriteTask, 'kind' | 'partPrefix' | 'files' | 'chunks' | 'suspects'> {
  readonly part: string;
  readonly mark?: ListMark;
  readonly list?: string;
}

type TaskFile = RewriteTask['files'][number];

const taskFile = ({ n, file: { key, sizeBytes, recordCount } }: NumberedFile): TaskFile => ({
  ...{ n, key, sizeBytes, recordCount },
});

/** Keys of the Parquet that refine kept of a chunk's suspects. */
export const suspectsOf = ({ suspectsKey }: ChunkResult): string[] =>
  suspectsKey === undefined ? [] : [suspectsKey];

/** Whole chunks of one part of the plan go to a task: each place that leaves is a chunk's, and so goes to one task. */
async function tasksOfRun(
  { engine, effects, context: { plan } }: Sealing,
  { run: { files, partPrefix }, chunks }: FilesToRewrite,
): Promise<Draft[]> {
  if (files.length === 0) return [];
  const numbers = new Map(files.map((one) => [one.file.key, one]));
  const parts = partsOf(plan);
  const partOf = new Map(parts.flatMap((part) => part.plan.chunks.map(({ chunk }) => [chunk, part.name])));
  const groups = chunks.map((chunk) => {
    const own = [...chunk.dataFiles, ...chunk.suspectFiles];
    const mine = own.flatMap(({ key }) => numbers.get(key) ?? []).sort((a, b) => a.n - b.n);
    const part = partOf.get(chunk.chunk) ?? '';
    return { chunk: chunk.chunk, part, suspects: suspectsOf(chunk), files: mine.map(taskFile) };
  });
  const bytesOf = (group: (typeof groups)[number]): number =>
    group.files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const limitBytes = effects.chunkBytes ?? CHUNK_BYTES;
  const tasks = parts.flatMap(({ name }) =>
    bySize(
      groups.filter((group) => group.files.length > 0 && group.part === name),
      { sizeOf: bytesOf, limitBytes },
    ),
  );
  const spans = await spansOf(
    { objects: effects.objects, plan },
    tasks.map((task) => task.map(({ chunk }) => chunk)),
  );
  const marks = await placeLeaving(engine, plan, spans);
  return tasks.map((task, n) => ({
    ...{ kind: 'run' as const, partPrefix, part: task[0]?.part ?? '' },
    chunks: task.map(({ chunk }) => chunk),
    suspects: task.flatMap((group) => group.suspects),
    files: task.flatMap((group) => group.files),
    mark: marks.get(n) ?? { rows: 0, sum: '0' },
    list: `SELECT ${PLACE_COLUMNS.join(', ')} FROM leaving WHERE task$ = ${n} ORDER BY ALL`,
  }));
}

/** Past the last row of any file. */
const NO_END = 2n ** 62n;

/** The records that each task's chunks read, as rows (task$, source_file_id, first$, end$). */
async function spansOf(
  { objects, plan }: { readonly objects: ObjectStore; readonly plan: Plan },
  tasks: readonly (readonly string[])[],
): Promise<(bigint | string)[][]> {
  const reads = await filesToRead(objects, plan);
  const ids = new Map(plan.files.map(({ index, sourceFileId }) => [index, sourceFileId]));
  return tasks.flatMap((chunks, n) =>
    chunks
      .flatMap((chunk) => reads.get(chunk) ?? [])
      .map(({ index, span }) => {
        const first = BigInt(span?.first.row ?? 0);
        const end = span === undefined ? NO_END : first + BigInt(span.records);
        return [BigInt(n), ids.get(index) ?? '', first, end];
      }),
  );
}

/** Makes `leaving`, the places of `left_out` with the task that each goes to, and says what each task's are. */
async function placeLeaving(
  engine: Engine,
  { dataset, runId }: Plan,
  spans: readonly (bigint | string)[][],
): Promise<Map<number, ListMark>> {
  await engine.run(
    'CREATE OR REPLACE TEMP TABLE task_spans (task$ BIGINT, source_file_id VARCHAR, first$ BIGINT, end$ BIGINT)',
  );
  await engine.append('task_spans', spans);
  await engine.run(
    `CREATE OR REPLACE TEMP TABLE leaving AS SELECT task$, source_file_id, source_row_number, code, event
     FROM left_out JOIN task_spans USING (source_file_id) LEFT JOIN excluded USING (source_file_id, source_row_number)
       LEFT JOIN stays USING (source_file_id, source_row_number)
     WHERE source_row_number >= first$ AND source_row_number < end$ ORDER BY ALL`,
  );
  const rows = await engine.rows(`SELECT task$ AS task, ${markSql(PLACE_COLUMNS)} FROM leaving GROUP BY ALL`);
  const marks = new Map(
    rows.map((row) => [integerOf(row, 'task'), { rows: integerOf(row, 'rows'), sum: textOf(row, 'sum') }]),
  );
  const placed = [...marks.values()].reduce((sum, mark) => sum + mark.rows, 0);
  const [all = {}] = await engine.rows('SELECT count(*) AS n FROM left_out');
  if (placed === integerOf(all, 'n')) return marks;
  throw new DataError(
    'LEAVING_UNPLACED',
    `${integerOf(all, 'n')} records of run ${runId} of ${dataset} don't go to Silver, but its chunks read ${placed} of them; nothing was published. Report this with the run's folder in ops/staging.`,
    { context: { dataset, runId } },
  );
}

async function tasksOfBase(
  { engine, effects, context: { plan, contract } }: Sealing,
  { base: { files, partPrefix }, isSuperseding }: FilesToRewrite,
): Promise<Draft[]> {
  if (files.length === 0) return [];
  // Any part says whether the run's base and contract are still what they were.
  const part = partsOf(plan)[0]?.name ?? '';
  const keys = keyIdentifiers(contract);
  const list = `SELECT DISTINCT ${keys.join(', ')} FROM superseded ORDER BY ALL`;
  const mark = isSuperseding ? { mark: await markOf(engine, `(${list})`, keys), list } : {};
  const groups = bySize(files, {
    sizeOf: ({ file }) => file.sizeBytes,
    limitBytes: effects.chunkBytes ?? CHUNK_BYTES,
  });
  return groups.map((group) => ({
    ...{ kind: 'base' as const, partPrefix, part, chunks: [], suspects: [] },
    files: group.map(taskFile),
    ...mark,
  }));
}
