import { loadContracts } from '../etl/contract/load-contracts.ts';
import { NIGHTLY } from '../etl/tending/tend.ts';
import { tendAll } from '../etl/tending/tend-all.ts';
import { lakeHandler } from './stage-handler.ts';
import { logInfo, logWarning } from './telemetry.ts';

/** After so long no further dataset is begun: Lambda ends a function after 15 minutes. */
const LAST_START_MS = 10 * 60_000;

/** Does the upkeep of every dataset and Gold table, on a schedule; what there was no time for comes first the next night. */
export const handler = lakeHandler(
  'tend',
  ['ASSAY_DATABASE_PREFIX', 'ASSAY_ALERTS_TOPIC_ARN'],
  async (_event, { effects }) => {
    const { contracts } = await loadContracts(effects.contracts);
    const untilMs = effects.clock.now().getTime() + LAST_START_MS;
    const { tended, left, errors } = await tendAll(effects, contracts.values(), { bounds: NIGHTLY, untilMs });
    logInfo('tended', { tended });
    if (left.length > 0) logWarning('no time for the upkeep of', { left });
    if (errors[0] !== undefined) throw errors[0].error;
    return tended;
  },
);
