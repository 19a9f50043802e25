import { hold } from '../etl/stages/hold.ts';
import { lakeHandler } from './stage-handler.ts';
import { publishMetrics } from './telemetry.ts';

/** Sets a run aside for a person's decision. */
export const handler = lakeHandler('hold', ['ASSAY_ALERTS_TOPIC_ARN'], async (input, { effects }) => {
  const held = await hold(input, effects);
  publishMetrics(held.dataset, { RunsHeld: 1 });
  return held;
});
