import { promote } from '../etl/stages/promote.ts';
import { lakeHandler } from './stage-handler.ts';
import { publishMetrics } from './telemetry.ts';

/** Publishes a run, in the lake and in the catalog. */
export const handler = lakeHandler(
  'promote',
  ['ASSAY_DATABASE_PREFIX', 'ASSAY_ALERTS_TOPIC_ARN'],
  async (input, { effects }) => {
    const promoted = await promote(input, effects);
    publishMetrics(promoted.dataset, { RunsPromoted: 1 });
    return promoted;
  },
);
