import { join } from 'node:path';
import { literal } from '../engine/sql.ts';
import { atMost, inFlight } from '../in-flight.ts';
import { rewriteListKey, rewriteTaskKey } from '../naming/runs.ts';
import { putDocument } from '../stages/stored-documents.ts';
import type { PlannedTask } from './rewrite-tasks.ts';
import type { Sealing } from './sealing.ts';

/** Where the list of the tasks is that workers are to do, and how many there are. */
export interface KeptTasks {
  readonly rewritesKey: string;
  readonly rewrites: number;
}

const AT_ONCE = 8;

/** Leaves tasks for their workers: first the lists of what leaves, then each task's document, then the list of all tasks. */
export async function keepTasks(
  { effects, engine, scratch, context: { plan } }: Sealing,
  tasks: readonly PlannedTask[],
): Promise<KeptTasks> {
  const { dataset, runId } = plan;
  const kept = new Set<string>();
  for (const { task, list } of tasks) {
    const key = task.leaving?.key;
    if (key === undefined || list === undefined || kept.has(key)) continue;
    kept.add(key);
    const path = join(scratch.directory, 'leaving.parquet');
    await engine.run(`COPY (${list}) TO ${literal(path)} (FORMAT parquet, COMPRESSION zstd)`);
    await effects.data.publish(path, key);
  }
  const put = ({ id, task }: PlannedTask): Promise<void> =>
    putDocument(effects.objects, rewriteTaskKey(dataset, runId, id), task);
  for await (const _ of inFlight(tasks, atMost(AT_ONCE), put));
  const rewritesKey = rewriteListKey(dataset, runId);
  await putDocument(
    effects.objects,
    rewritesKey,
    tasks.map(({ id, part }) => ({ task: id, part })),
  );
  return { rewritesKey, rewrites: tasks.length };
}
