import { join } from 'node:path';
import { type Engine, integerOf } from '../engine/engine.ts';
import { literal } from '../engine/sql.ts';
import { recoveredKey } from '../naming/runs.ts';
import { createRejects } from '../refining/rejects.ts';
import { dialectsOf } from '../stages/dialects.ts';
import { filesToRead } from '../stages/files-to-read.ts';
import type { RewriteResult, RewriteTask } from '../stages/rewrite-documents.ts';
import { recoverRun } from './recover-run.ts';
import type { Sealing } from './sealing.ts';

/** A task of a run, and the part of the plan that its chunks are in. */
interface Recovering {
  readonly id: string;
  readonly task: RewriteTask;
  readonly part: string | undefined;
}

/** Stores the records that a task leaves out as they came, for seal to quarantine or condemn. Needs `excluded` and `stays`. */
export async function recoverTask(
  working: Pick<Sealing, 'effects' | 'engine' | 'scratch' | 'context'>,
  { id, task, part }: Recovering,
): Promise<Pick<RewriteResult, 'recovered'>> {
  if (task.kind === 'base' || (await countOf(working.engine, 'excluded')) === 0) return {};
  const { effects, engine, scratch, context } = working;
  const { plan, contract } = context;
  await createRejects(engine, contract);
  const reads = await filesToRead(effects.objects, plan, part);
  await recoverRun(working, {
    plan,
    files: task.chunks.flatMap((chunk) => reads.get(chunk) ?? []),
    suspects: task.suspects,
    dialects: await dialectsOf(effects.objects, contract, plan),
  });
  const path = join(scratch.directory, 'recovered.parquet');
  await engine.run(`COPY rejects TO ${literal(path)} (FORMAT parquet)`);
  const key = recoveredKey(plan.dataset, plan.runId, id);
  const records = await countOf(engine, 'rejects');
  await effects.data.publish(path, key);
  return { recovered: { key, records } };
}

async function countOf(engine: Engine, table: string): Promise<number> {
  const [row = {}] = await engine.rows(`SELECT count(*) AS n FROM ${table}`);
  return integerOf(row, 'n');
}
