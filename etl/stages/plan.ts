import { z } from 'zod';
import { chunkListKey, planKey } from '../naming.ts';
import { Approval, putDocument } from './documents.ts';
import { makePlan } from './make-plan.ts';
import { replanHeld } from './replan-held.ts';
import { defineStage, RunInput } from './stage.ts';

const PlanInput = RunInput.extend({
  /** Set where a held run is planned again on a base that moved: its own files, and no others. */
  approved: Approval.optional(),
});
const PlanOutput = z.discriminatedUnion('status', [
  z.object({
    status: z.literal('planned'),
    itemsKey: z.string(),
    files: z.number(),
    chunks: z.number(),
    bytes: z.number(),
  }),
  z.object({ status: z.literal('nothing-to-do') }),
  z.object({ status: z.literal('refused'), why: z.string() }),
]);

/** Makes the run's plan and stores it, and the list of its chunks, for the stages that follow. */
export const plan = defineStage({
  name: 'plan',
  input: PlanInput,
  output: PlanOutput,
  run: async ({ approved, ...input }, effects) => {
    const planned =
      approved === undefined ? await makePlan(input, effects) : await replanHeld(input, effects);
    if (planned.status !== 'planned') return planned;
    const { dataset, runId } = input;
    const itemsKey = chunkListKey(dataset, runId);
    await putDocument(effects.objects, planKey(dataset, runId), planned.plan);
    await putDocument(
      effects.objects,
      itemsKey,
      planned.plan.chunks.map(({ chunk }) => ({ chunk })),
    );
    const bytes = planned.plan.files.reduce((sum, file) => sum + file.sizeBytes, 0);
    const { files, chunks } = planned.plan;
    return { status: 'planned', itemsKey, files: files.length, chunks: chunks.length, bytes };
  },
});
