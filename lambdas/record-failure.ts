import { recordFailure } from '../etl/stages/record-failure.ts';
import { releaseLease } from '../etl/stages/start-run/lease.ts';
import { lakeHandler } from './stage-handler.ts';
import { publishMetrics } from './telemetry.ts';

/** Records a run that failed or was refused, tells people, and gives the dataset's lease back. */
export const handler = lakeHandler(
  'record-failure',
  ['ASSAY_ALERTS_TOPIC_ARN'],
  async (input, { effects }) => {
    const recorded = await recordFailure(input, effects);
    publishMetrics(recorded.dataset, recorded.status === 'refused' ? { RunsRefused: 1 } : { RunsFailed: 1 });
    await releaseLease(recorded, effects);
    return recorded;
  },
);
