import type { AwsLake } from '../adapters/aws/aws-lake.ts';
import type { Stage } from '../etl/stages/stage.ts';
import type { VariableName } from './environment.ts';
import { lakeOf } from './lake.ts';
import { type Handler, observed } from './telemetry.ts';

/** What a function does with its lake. */
export type Work = (input: unknown, lake: AwsLake) => Promise<unknown>;

/** A handler that works on a lake; what an earlier call in this container left on its disk is removed first. */
export function lakeHandler(name: string, needed: readonly VariableName[], work: Work): Handler {
  const open = lakeOf(needed);
  return observed(name, async (input) => {
    const lake = await open();
    await lake.tidy();
    return await work(input, lake);
  });
}

/** A handler that is one stage and nothing more. */
export function stageHandler(name: string, needed: readonly VariableName[], stage: Stage): Handler {
  return lakeHandler(name, needed, (input, { effects }) => stage(input, effects));
}
