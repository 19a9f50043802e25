import { z } from 'zod';
import { ConfigError } from '../errors.ts';
import type { Effects } from '../ports.ts';
import { withSpan } from '../telemetry.ts';

/** The input of every stage: which run, of which dataset. */
export const RunInput = z.object({
  dataset: z.string().min(1),
  runId: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,79}$/),
});
export type RunInput = z.infer<typeof RunInput>;

/** A stage as the state machine sees it: JSON in, JSON out. */
export type Stage = (input: unknown, effects: Effects) => Promise<unknown>;

/** How a stage is declared. */
interface StageDefinition<In extends RunInput, Output extends z.ZodType> {
  readonly name: string;
  readonly input: z.ZodType<In>;
  readonly output: Output;
  /** What it returns must fit `output`: it is the schema's own type, so that the compiler never widens it to the result's. */
  readonly run: (input: In, effects: Effects) => Promise<z.output<Output>>;
}

/** A stage function that checks its input and its output and runs inside a span `assay.<name>`. */
export function defineStage<In extends RunInput, Output extends z.ZodType>(
  definition: StageDefinition<In, Output>,
): (input: unknown, effects: Effects) => Promise<z.output<Output>> {
  return async (input, effects) => {
    const parsed = definition.input.safeParse(input);
    if (!parsed.success) {
      throw new ConfigError(
        'STAGE_INPUT',
        `${definition.name} got an input it can't use: ${z.prettifyError(parsed.error)}`,
      );
    }
    const { dataset, runId } = parsed.data;
    effects.onStage?.({ stage: definition.name, dataset, runId });
    return withSpan(
      `assay.${definition.name}`,
      { 'assay.dataset': dataset, 'assay.run_id': runId },
      async () => definition.output.parse(await definition.run(parsed.data, effects)),
    );
  };
}
