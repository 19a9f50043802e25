import { TransientError } from '../../errors.ts';
import type { DatasetRun, Executions } from '../../ports.ts';
import { withSpan } from '../../telemetry.ts';
import { newRunId } from '../run-id.ts';
import { type LeaseEffects, readLease, takeLease } from './lease.ts';

/** What starting runs needs of the world. */
export interface StartEffects extends LeaseEffects {
  readonly executions: Executions;
}

/** The outcome: a new execution, or one under way that will see what is pending. */
export interface Started extends DatasetRun {
  readonly status: 'started' | 'running';
}

/** How often a lost race is looked at again. */
const TRIES = 8;

/**
 * Starts a run of a dataset, unless one is under way. Of concurrent callers, one takes the lease and starts the
 * execution. Starts the execution of a lease under the same name if its taker died before that, and takes a lease over
 * if its execution ended without releasing it. Needless calls cost little: the run itself finds out what is pending.
 * With a run's id, starts that very run once no other is under way; if one is, the caller asks again after it.
 */
export async function startRun(dataset: string, effects: StartEffects, wanted?: string): Promise<Started> {
  return await withSpan('assay.start-run', { 'assay.dataset': dataset }, async () => {
    for (let tries = 0; tries < TRIES; tries++) {
      const started = await tryToStart(dataset, effects, wanted);
      if (started !== undefined) return started;
    }
    throw new TransientError('LEASE_BUSY', `Others keep starting ${dataset}: try again.`, {
      context: { dataset },
    });
  });
}

/** Undefined where things changed while they were looked at. */
async function tryToStart(
  dataset: string,
  effects: StartEffects,
  wanted: string | undefined,
): Promise<Started | undefined> {
  const { clock, executions } = effects;
  if (wanted !== undefined && (await executions.status(wanted)) !== 'none')
    return { status: 'running', dataset, runId: wanted };
  const held = await readLease(effects, dataset);
  if (held !== undefined && held.lease.releasedAt === undefined) {
    const run = { dataset, runId: held.lease.runId };
    const status = await executions.status(run.runId);
    if (status === 'running') return { status, ...run };
    if (status === 'none') return { status: await startNamed(run, executions), ...run };
  }
  const run = { dataset, runId: wanted ?? newRunId(clock.now()) };
  if (!(await takeLease(effects, run, held))) return undefined;
  return { status: await startNamed(run, executions), ...run };
}

/** Another process just started an execution that exists. */
async function startNamed(run: DatasetRun, executions: Executions): Promise<Started['status']> {
  return (await executions.start(run.runId, { ...run, start: 'plan' })) === 'started' ? 'started' : 'running';
}
