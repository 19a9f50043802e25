import { loadContracts } from '../etl/contract/load-contracts.ts';
import { lookAfter } from '../etl/operations/look-after.ts';
import { lakeHandler } from './stage-handler.ts';
import { logWarning, publishMetrics } from './telemetry.ts';

/** Hourly metrics whose alarms alert people. */
const HAVE_ALARMS: readonly string[] = ['SILENT', 'SEAL_MISSING'];

/** Looks after every dataset and Gold table, on a schedule: metrics whose alarms tell people, and alerts for the rest. */
export const handler = lakeHandler(
  'check-health',
  ['ASSAY_ALERTS_TOPIC_ARN'],
  async (_event, { effects }) => {
    const { contracts } = await loadContracts(effects.contracts);
    const found = await lookAfter(effects, contracts.values(), {
      tells: ({ code }) => !HAVE_ALARMS.includes(code),
    });
    for (const { dataset, layer, ailments } of found) {
      const count = (code: string): number => ailments.filter((ailment) => ailment.code === code).length;
      if (layer === 'silver')
        publishMetrics(dataset, { StaleDatasets: count('SILENT'), MissingSeals: count('SEAL_MISSING') });
      if (ailments.length > 0) logWarning('dataset needs a look', { dataset, ailments });
    }
    return found;
  },
);
