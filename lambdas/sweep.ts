import { RunInput } from '../etl/stages/stage.ts';
import { releaseLease } from '../etl/stages/start-run/lease.ts';
import { startRun } from '../etl/stages/start-run/start-run.ts';
import { sweep } from '../etl/stages/sweep.ts';
import { lakeHandler } from './stage-handler.ts';
import { logInfo } from './telemetry.ts';

/**
 * Releases the dataset's lease, then looks for pending files and starts the next run if there are any. The order
 * matters: sweep sees files that came before the release; the events of later ones start a run.
 */
export const handler = lakeHandler(
  'sweep',
  ['ASSAY_STATE_MACHINE_ARN'],
  async (input, { effects, executions }) => {
    const { objects, clock } = effects;
    const { dataset, runId } = RunInput.parse(input);
    await releaseLease({ dataset, runId }, effects);
    const swept = await sweep({ dataset, runId }, effects);
    if (swept.pending) logInfo('next run', { ...(await startRun(dataset, { objects, clock, executions })) });
    return swept;
  },
);
