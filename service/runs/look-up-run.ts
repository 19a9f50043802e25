import { ConfigError } from '../../etl/errors.ts';
import { requireRun } from '../../etl/operations/find-run.ts';
import type { RunRecord } from '../../etl/stages/outcomes.ts';
import type { Service } from '../service.ts';
import type { RunState } from './run-state.ts';

/** How a run stands. A held one that is being published has its record and is under way, as is one whose Gold is being made. */
export type RunView =
  | { readonly kind: 'recorded'; readonly record: RunRecord; readonly state: RunState | undefined }
  | { readonly kind: 'under-way'; readonly state: RunState };

/** How the run of an id stands; throws ConfigError `NO_RUN` where there is none, and what kept one from beginning. */
export async function lookUpRun({ lake, runs }: Service, runId: string): Promise<RunView> {
  const own = runs.own(runId);
  try {
    return { kind: 'recorded', record: await requireRun(lake.effects, runId), state: own };
  } catch (error) {
    if (!(error instanceof ConfigError) || error.code !== 'NO_RUN') throw error;
    const state = own ?? (await runs.now()).find((one) => one.runId === runId);
    if (state !== undefined) return { kind: 'under-way', state };
    const outcome = runs.outcomeOf(runId);
    if (outcome?.kind === 'run') return { kind: 'recorded', record: outcome.run, state };
    throw outcome?.error ?? error;
  }
}
