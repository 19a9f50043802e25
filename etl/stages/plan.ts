import { z } from 'zod';
import { loadContracts } from '../contract/load-contracts.ts';
import { tellStart } from '../openlineage/tell-run.ts';
import type { Effects } from '../ports.ts';
import { keepPlan } from './keep-plan.ts';
import { keepContract } from './kept-contracts.ts';
import { makePlan } from './make-plan.ts';
import { Approval } from './outcomes.ts';
import { replanHeld } from './replan-held.ts';
import { defineStage, RunInput } from './stage.ts';

const PlanInput = RunInput.extend({
  /** Set where a held run is planned again on a base that moved: its own files, and no others. */
  approved: Approval.optional(),
  /** Set where files of a held run were refused: what is left of it, and nothing else, is planned. */
  rest: z.literal(true).optional(),
  /** Races that the run lost so far, each after a plan of its own. */
  conflicts: z.number().int().min(0).optional(),
});
const PlanOutput = z.discriminatedUnion('status', [
  z.object({
    status: z.literal('planned'),
    itemsKey: z.string(),
    surveysKey: z.string(),
    /** Chunks that are a range of a file, which are surveyed first. */
    surveys: z.number(),
    files: z.number(),
    chunks: z.number(),
    bytes: z.number(),
  }),
  z.object({ status: z.literal('nothing-to-do') }),
  z.object({ status: z.literal('refused'), why: z.string() }),
  z.object({ status: z.literal('held'), why: z.string(), next: z.string() }),
]);

/** Makes the run's plan and stores it, and the lists of its chunks, for the stages that follow. */
export const plan = defineStage({
  name: 'plan',
  input: PlanInput,
  output: PlanOutput,
  run: async ({ approved, rest, conflicts = 0, ...input }, effects) => {
    const isHeld = approved !== undefined || rest === true;
    const planned = isHeld ? await replanHeld(input, effects, approved) : await makePlan(input, effects);
    if (planned.status !== 'planned') return planned;
    const { dataset } = input;
    await keepText(effects, dataset, planned.plan.contractDigest);
    const replans = conflicts === 0 ? {} : { replans: conflicts };
    const kept = await keepPlan(effects.objects, { ...planned.plan, ...replans });
    if (!isHeld && conflicts === 0) await tellStart(effects, input);
    const { files, chunks } = planned.plan;
    return {
      status: 'planned' as const,
      ...kept,
      files: files.length,
      chunks: chunks.length,
      bytes: files.reduce((sum, file) => sum + file.sizeBytes, 0),
    };
  },
});

/** Keeps the text of the contract that a run reads by; not where it was changed since the run was planned, for then it is planned again. */
async function keepText(effects: Effects, dataset: string, digest: string): Promise<void> {
  const { contracts, texts } = await loadContracts(effects.contracts);
  const text = texts.get(dataset);
  if (text === undefined || contracts.get(dataset)?.digest !== digest) return;
  await keepContract(effects.objects, { dataset, digest, meaning: digest }, { contract: text });
}
