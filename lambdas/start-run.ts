import { handleStartEvent } from '../etl/stages/start-run/handle-event.ts';
import { lakeHandler } from './stage-handler.ts';

/** Starts a run for a file that was dropped, for a dataset by name, or for all at the daily sweep. */
export const handler = lakeHandler(
  'start-run',
  ['ASSAY_STATE_MACHINE_ARN', 'ASSAY_ALERTS_TOPIC_ARN'],
  async (event, { effects: { objects, clock, alerts, contracts }, executions }) =>
    await handleStartEvent(event, { objects, clock, alerts, contracts, executions }),
);
