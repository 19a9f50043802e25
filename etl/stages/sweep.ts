import { z } from 'zod';
import { makePlan } from './make-plan.ts';
import { defineStage, RunInput } from './stage.ts';

/**
 * Looks once more for pending files before the workflow ends, so that a file dropped while it ran is not
 * left lying: whoever started the run starts another where `pending` is true.
 */
export const sweep = defineStage({
  name: 'sweep',
  input: RunInput,
  output: z.object({ pending: z.boolean() }),
  run: async (input, effects) => ({ pending: (await makePlan(input, effects)).status === 'planned' }),
});
