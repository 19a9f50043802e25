import { join } from 'node:path';
import { z } from 'zod';
import { withEngine } from '../engine/engine.ts';
import { DataError } from '../errors.ts';
import { rewriteTaskKey, rewrittenKey } from '../naming/runs.ts';
import { HeldFiles } from '../sealing/held-files.ts';
import { NotedFiles } from '../sealing/noted-files.ts';
import { recoverTask } from '../sealing/recover-task.ts';
import { rewriteTask } from '../sealing/rewrite-task.ts';
import { openDatasetTables } from './dataset-tables.ts';
import { CHUNK_BYTES } from './make-plan.ts';
import { PartName } from './plan-parts.ts';
import { type RewriteResult, RewriteTask, TaskId, taskDigest } from './rewrite-documents.ts';
import { loadRun } from './run-context.ts';
import { getRunDocument, inFormat, RUN_FORMAT } from './run-documents.ts';
import { silverTarget } from './silver-target.ts';
import { defineStage, RunInput } from './stage.ts';
import { putDocument } from './stored-documents.ts';

const RewriteInput = RunInput.extend({ task: TaskId, part: PartName.optional() });
const RewriteOutput = RunInput.extend({ task: TaskId, files: z.number().int() });

/**
 * Writes some of Silver's files anew without the rows that leave them, as seal found, some at a time, and reads back what
 * it wrote; the records that fail for it are read once more from their source files. Leaves which files took whose place,
 * for seal to add up. Nothing is visible to readers yet. A retry writes the same files. Throws DataError `TASK_CHANGED` where
 * the task isn't the one that its name was given to.
 */
export const rewrite = defineStage({
  name: 'rewrite',
  input: RewriteInput,
  output: RewriteOutput,
  run: async ({ dataset, runId, task: id, part }, effects) => {
    const context = await loadRun(effects, { dataset, runId }, part);
    const taskKey = rewriteTaskKey(dataset, runId, id);
    const task = inFormat(await getRunDocument(effects.objects, taskKey, RewriteTask), taskKey);
    requireOwnTask(task, { id, key: taskKey });
    const scratch = await effects.openScratch(`rewrite-${runId}-${id}`);
    const held = new HeldFiles(effects.data, effects.chunkBytes ?? CHUNK_BYTES);
    try {
      const result = await withEngine(effects.engine, join(scratch.directory, 'spill'), async (engine) => {
        const tables = openDatasetTables(effects, context.contract, context.base);
        const target = await silverTarget({ effects, engine, scratch, context, held }, tables);
        const written = new NotedFiles(engine, context.contract);
        const files = await rewriteTask(context, task, { ...target, written });
        const recovered = await recoverTask({ effects, engine, scratch, context }, { id, task, part });
        return { files, ...written.stored(), ...recovered };
      });
      const document: RewriteResult = { format: RUN_FORMAT, task: id, ...result };
      await putDocument(effects.objects, rewrittenKey(dataset, runId, id), document);
      return { dataset, runId, task: id, files: result.files.length };
    } finally {
      await held.letGo();
      await scratch.dispose();
    }
  },
});

function requireOwnTask(task: RewriteTask, { id, key }: { readonly id: string; readonly key: string }): void {
  if (id.endsWith(`-${taskDigest(task)}`)) return;
  throw new DataError(
    'TASK_CHANGED',
    `${key} isn't as seal wrote it. Nothing was published; the files are taken up by the next run.`,
    { context: { key } },
  );
}
