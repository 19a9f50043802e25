import { setTimeout as sleep } from 'node:timers/promises';
import { InvokeCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import {
  DescribeExecutionCommand,
  type DescribeExecutionCommandOutput,
  type SFNClient,
} from '@aws-sdk/client-sfn';
import { z } from 'zod';
import { ConfigError, DataError, ThrottledError, TransientError } from '../../etl/errors.ts';
import { runRecordKey } from '../../etl/naming/runs.ts';
import type { Runs } from '../../etl/operations/runs.ts';
import { type ApprovalEffects, startApproved, startResealed } from '../../etl/operations/start-approved.ts';
import type { DatasetRun } from '../../etl/ports.ts';
import { RunRecord } from '../../etl/stages/outcomes.ts';
import { type Lease, readLease } from '../../etl/stages/start-run/lease.ts';
import { parseDocument } from '../../etl/stages/stored-documents.ts';
import { nothingToDo } from '../local/run-dataset.ts';
import { inAws, isNamed } from './aws-errors.ts';
import { executionArnOf } from './step-functions.ts';

/** Pauses between two looks at an execution. */
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 5_000;
/** An execution that was started is to be seen within this time. */
const VISIBLE_MS = 60_000;
/** Other runs a backfill waits for. */
const MOST_ASKED = 20;

/** What running a platform's workflow from outside takes. */
export interface PlatformRunsOptions extends ApprovalEffects {
  readonly lambda: LambdaClient;
  readonly sfn: SFNClient;
  /** Name of the function that starts runs. */
  readonly startFunction: string;
  readonly stateMachineArn: string;
  /** Told of every execution that is waited for. */
  readonly onWait?: ((run: DatasetRun & { readonly isStarted: boolean }) => void) | undefined;
  /** How long a call waits for runs, which go on afterwards; until their end unless said. */
  readonly patienceMs?: number;
}

/** An execution to wait for. */
interface AwaitedRun extends DatasetRun {
  /** Whether it began after the request, so that it sees every file pending then. */
  readonly isMine: boolean;
}

/**
 * Runs of a deployed platform: start-run starts them, as it does for files that are dropped, and they are waited for.
 * Ending this process ends no run.
 */
export function platformRuns(given: PlatformRunsOptions): Runs {
  return {
    dataset: (dataset) => runUntilNothingPending(dataset, patient(given)),
    backfill: (run) => runBackfill(run, patient(given)),
    async resealed(run) {
      const options = patient(given);
      const name = await startResealed(run, options);
      options.onWait?.({ ...run, isStarted: true });
      return await recordOf(run, await endOf(name, options), options);
    },
    async approved(dataset, approval) {
      const options = patient(given);
      const { runId, approved } = approval;
      const name = await startApproved({ dataset, runId }, approved, options);
      options.onWait?.({ dataset, runId, isStarted: true });
      return await recordOf({ dataset, runId }, await endOf(name, options), options);
    },
  };
}

/** What one call runs with, and until when it waits. */
interface Calling extends PlatformRunsOptions {
  readonly untilMs: number;
}

const patient = (options: PlatformRunsOptions): Calling => ({
  ...options,
  untilMs: options.clock.now().getTime() + (options.patienceMs ?? Number.POSITIVE_INFINITY),
});

/** Has the platform run a dataset, where it doesn't already, and returns the run without waiting for it. */
export async function requestPlatformRun(
  dataset: string,
  options: PlatformRunsOptions,
): Promise<{ readonly runId: string; readonly isMine: boolean }> {
  return await requestRun({ dataset }, options);
}

/** Has the platform run a requested run as soon as no other is under way. */
async function runBackfill(run: DatasetRun, options: Calling): Promise<RunRecord> {
  const { dataset } = run;
  for (let asked = 0; asked < MOST_ASKED; asked++) {
    const { runId, isMine } = await requestRun(run, options);
    options.onWait?.({ dataset, runId, isStarted: isMine });
    const execution = await endOf(runId, options);
    if (runId === run.runId) return await recordOf(run, execution, options);
  }
  throw new TransientError(
    'LEASE_BUSY',
    `Other runs of ${dataset} kept coming first, ${MOST_ASKED} of them: nothing was read again; try it once the source is quiet.`,
    { context: { ...run } },
  );
}

async function runUntilNothingPending(dataset: string, options: Calling): Promise<RunRecord[]> {
  const records: RunRecord[] = [];
  let next: AwaitedRun | undefined = await requestRun({ dataset }, options);
  while (next !== undefined) {
    const { runId, isMine } = next;
    options.onWait?.({ dataset, runId, isStarted: isMine });
    const execution = await endOf(runId, options);
    // It goes on without this call.
    if (execution === undefined) break;
    const record = await recordOf(next, execution, options);
    records.push(record);
    next = await following(next, record, options);
  }
  const busy = records.filter(({ status }) => status !== 'nothing-to-do');
  return busy.length > 0 ? busy : records.slice(0, 1);
}

async function following(
  run: AwaitedRun,
  record: RunRecord,
  options: PlatformRunsOptions,
): Promise<AwaitedRun | undefined> {
  const { dataset } = run;
  const step = stepAfter(run, record, (await readLease(options, dataset))?.lease);
  if (step.kind === 'end') return undefined;
  return step.kind === 'ask'
    ? await requestRun({ dataset }, options)
    : { dataset, runId: step.runId, isMine: true };
}

/** What there is to wait for after a run. */
export type NextStep =
  | { readonly kind: 'follow'; readonly runId: string }
  | { readonly kind: 'ask' }
  | { readonly kind: 'end' };

/**
 * What to wait for after a run. First, what its sweep started, by the lease. Else, a new run if files may be pending
 * that nobody looks for: a failed run doesn't sweep, and one that set files aside left the others. Else nothing. A run
 * that we asked for and that failed is not repeated: its files would fail again.
 */
export function stepAfter(
  { runId, isMine }: Pick<AwaitedRun, 'runId' | 'isMine'>,
  { status, files }: Pick<RunRecord, 'status' | 'files'>,
  lease: Lease | undefined,
): NextStep {
  if (lease !== undefined && lease.releasedAt === undefined && lease.runId !== runId)
    return { kind: 'follow', runId: lease.runId };
  const wasInVain = status === 'failed' && !isMine;
  const setFilesAside = status === 'refused' && files.length > 0;
  return { kind: wasInVain || setFilesAside ? 'ask' : 'end' };
}

const Started = z.object({
  runs: z.array(z.object({ runId: z.string(), status: z.enum(['started', 'running']) })),
  refused: z.array(z.string()),
});
const Failure = z.object({ errorType: z.string().optional(), errorMessage: z.string().optional() });

/** Has the platform run a dataset, under an id where a run was asked for; where it does so already, that run is the answer. */
async function requestRun(
  wanted: Pick<DatasetRun, 'dataset'> & Partial<DatasetRun>,
  options: PlatformRunsOptions,
): Promise<AwaitedRun> {
  const { dataset } = wanted;
  const { lambda, startFunction } = options;
  const doing = {
    doing: `asking for a run of ${dataset}`,
    needs: `lambda:InvokeFunction on ${startFunction}`,
  };
  const Payload = Buffer.from(JSON.stringify(wanted));
  const { FunctionError, Payload: answer } = await inAws(doing, async () => {
    try {
      return await lambda.send(new InvokeCommand({ FunctionName: startFunction, Payload }));
    } catch (error) {
      throw isNamed(error, 'ResourceNotFoundException') ? missing('function', startFunction, error) : error;
    }
  });
  const said: unknown = JSON.parse(Buffer.from(answer ?? '{}').toString('utf8') || '{}');
  if (FunctionError !== undefined) throw notStarted(dataset, Failure.safeParse(said).data ?? {});
  const { runs, refused } = Started.parse(said);
  const [run] = runs;
  if (run !== undefined) return { dataset, runId: run.runId, isMine: run.status === 'started' };
  throw new ConfigError(
    'NOT_DEPLOYED',
    `The platform has no usable contract for ${dataset}, and starts nothing (${refused.join(', ')}): deploy the contract.`,
    { context: { dataset } },
  );
}

function notStarted(
  dataset: string,
  { errorType = '', errorMessage = 'no reason' }: z.infer<typeof Failure>,
): Error {
  const message = `The platform could not start a run of ${dataset}: ${errorMessage}`;
  const details = { context: { dataset, error: errorType } };
  if (errorType === 'ThrottledError') return new ThrottledError('NOT_STARTED', message, details);
  if (errorType === 'TransientError') return new TransientError('NOT_STARTED', message, details);
  if (errorType === 'ConfigError') return new ConfigError('NOT_STARTED', message, details);
  return new DataError('NOT_STARTED', message, details);
}

/** Waits until an execution has ended, and says how; undefined where it goes on longer than the call waits. */
async function endOf(
  name: string,
  { sfn, stateMachineArn, clock, untilMs }: Calling,
): Promise<DescribeExecutionCommandOutput | undefined> {
  const executionArn = executionArnOf(stateMachineArn, name);
  const doing = { doing: `waiting for run ${name}`, needs: `states:DescribeExecution on ${executionArn}` };
  const visibleUntilMs = clock.now().getTime() + VISIBLE_MS;
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 1.5, LONGEST_PAUSE_MS)) {
    const found = await inAws(doing, async () => {
      try {
        return await sfn.send(new DescribeExecutionCommand({ executionArn }));
      } catch (error) {
        if (!isNamed(error, 'ExecutionDoesNotExist')) throw error;
        if (clock.now().getTime() > visibleUntilMs) throw missing('execution', name, error);
        return undefined;
      }
    });
    if (found !== undefined && found.status !== 'RUNNING' && found.status !== 'PENDING_REDRIVE') return found;
    if (clock.now().getTime() + pauseMs > untilMs) return undefined;
    await sleep(pauseMs);
  }
}

/**
 * The record of a run whose execution has ended; one that succeeded without any had nothing to do. Of one that goes on, the
 * record that it has so far, as of a held run that is being published; throws TransientError `STILL_RUNNING` where it has none.
 */
async function recordOf(
  { dataset, runId }: DatasetRun,
  execution: DescribeExecutionCommandOutput | undefined,
  { objects, clock }: PlatformRunsOptions,
): Promise<RunRecord> {
  const key = runRecordKey(dataset, runId);
  const stored = await objects.get(key);
  if (stored !== undefined) return parseDocument(stored.body, key, RunRecord);
  if (execution === undefined)
    throw new TransientError('STILL_RUNNING', `Run ${runId} of ${dataset} goes on: look at it in a moment.`, {
      context: { dataset, runId },
    });
  const { status, error, cause, startDate, stopDate, executionArn = '' } = execution;
  if (status === 'SUCCEEDED')
    return nothingToDo(dataset, runId, startDate ?? clock.now(), stopDate ?? clock.now());
  const why = cause ?? error ?? `it ended as ${status}`;
  throw new DataError('RUN_LOST', `Run ${runId} of ${dataset} ended without a record: ${why}`, {
    context: { dataset, runId, execution: executionArn },
  });
}

function missing(what: string, name: string, cause: unknown): ConfigError {
  return new ConfigError(
    'AWS_MISSING',
    `There is no ${what} ${name}: deploy the stack again, or name another with --stack.`,
    { cause, context: { name } },
  );
}
