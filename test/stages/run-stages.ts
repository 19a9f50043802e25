import { z } from 'zod';
import { chunkListKey, rewriteListKey, surveyListKey } from '../../etl/naming/runs.ts';
import type { ObjectStore } from '../../etl/ports.ts';
import type { bindStages } from '../../etl/stages/handlers.ts';
import { getDocument } from '../../etl/stages/stored-documents.ts';

const Chunks = z.array(z.object({ chunk: z.string(), part: z.string() }));
const Planned = z.looseObject({ status: z.string(), surveys: z.number().default(0) });
const Sealed = z.looseObject({ rewrites: z.number().default(0) });
const Tasks = z.array(z.object({ task: z.string(), part: z.string() }));
const Gate = z.object({ decision: z.string(), why: z.array(z.string()) });

/** Calls the stages of one run in the state machine's order, without the state machine; an error comes through as it is. */
export async function runStages(
  stages: ReturnType<typeof bindStages>,
  objects: ObjectStore,
  run: { readonly dataset: string; readonly runId: string },
): Promise<'nothing-to-do' | 'done'> {
  const plan = Planned.parse(await stages.plan(run));
  if (plan.status === 'nothing-to-do') return 'nothing-to-do';
  if (plan.status !== 'planned') {
    await stages.recordFailure({ ...run, plan });
    return 'done';
  }
  if (plan.surveys > 0) {
    for (const item of await getDocument(objects, surveyListKey(run.dataset, run.runId), Chunks))
      await stages.survey({ ...run, ...item });
    await stages.align(run);
  }
  for (const item of await getDocument(objects, chunkListKey(run.dataset, run.runId), Chunks))
    await stages.refine({ ...run, ...item });
  const sealed = Sealed.parse(await stages.seal({ ...run, rewriting: 'choose' }));
  if (sealed.rewrites > 0) {
    for (const item of await getDocument(objects, rewriteListKey(run.dataset, run.runId), Tasks))
      await stages.rewrite({ ...run, ...item });
    await stages.seal({ ...run, rewriting: 'done' });
  }
  const gate = Gate.parse(await stages.gate(run));
  if (gate.decision === 'promote') {
    await stages.promote(run);
    await stages.refreshGold(run);
  } else if (gate.decision === 'hold') await stages.hold({ ...run, gate });
  else await stages.recordFailure({ ...run, gate });
  return 'done';
}
