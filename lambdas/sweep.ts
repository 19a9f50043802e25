import { RunInput } from '../etl/stages/stage.ts';
import { releaseLease } from '../etl/stages/start-run/lease.ts';
import { startRun } from '../etl/stages/start-run/start-run.ts';
import { sweep } from '../etl/stages/sweep.ts';
import { lakeHandler } from './stage-handler.ts';
import { logInfo } from './telemetry.ts';

/**
 * Gives the dataset's lease back, then looks for pending files, and starts the next run where there are some. In this
 * order: a file that comes before the lease is free is seen here, one that comes after it starts a run by its event.
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
