import { checkHealth } from '../etl/stages/check-health.ts';
import { lakeHandler } from './stage-handler.ts';
import { logWarning, publishMetrics } from './telemetry.ts';

/** Measures every dataset's health, on a schedule: metrics whose alarms tell people. */
export const handler = lakeHandler('check-health', [], async (_event, { effects }) => {
  const health = await checkHealth(effects);
  for (const one of health) {
    publishMetrics(one.dataset, {
      StaleDatasets: one.isStale ? 1 : 0,
      MissingSeals: one.missingSeals.length,
    });
    if (one.isStale || one.missingSeals.length > 0) logWarning('dataset needs a look', { ...one });
  }
  return health;
});
