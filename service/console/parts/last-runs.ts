import { readRun, runKeys } from '../../../etl/operations/find-run.ts';
import type { Effects } from '../../../etl/ports.ts';
import type { RunRecord } from '../../../etl/stages/outcomes.ts';

const DAYS_MS = 30 * 86_400_000;
/** A chart has no room for more. */
const MOST = 30;

/** The runs of a dataset of the last 30 days, newest first, or its last one where there were none since; 30 at most. */
export async function lastRuns(effects: Effects, dataset: string): Promise<RunRecord[]> {
  const since = new Date(effects.clock.now().getTime() - DAYS_MS).toISOString();
  const runs: RunRecord[] = [];
  for await (const key of runKeys(effects, { dataset })) {
    const run = await readRun(effects, key);
    if (run === undefined) continue;
    if (runs.length > 0 && run.endedAt < since) break;
    runs.push(run);
    if (runs.length === MOST) break;
  }
  return runs;
}
