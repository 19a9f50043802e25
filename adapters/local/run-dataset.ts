import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { keepingEngine } from '../../etl/engine/keeping-engine.ts';
import { DataError } from '../../etl/errors.ts';
import { planKey, runRecordKey } from '../../etl/naming/runs.ts';
import type { ApprovedRun, Look, RunOptions } from '../../etl/operations/runs.ts';
import type { Effects } from '../../etl/ports.ts';
import { bindStages } from '../../etl/stages/handlers.ts';
import { LOOK_BACK_DAYS } from '../../etl/stages/list-sources.ts';
import { isCommitted, RunRecord } from '../../etl/stages/outcomes.ts';
import { newRunId } from '../../etl/stages/run-id.ts';
import { getDocument, parseDocument } from '../../etl/stages/stored-documents.ts';
import { BETWEEN_RUNS } from '../../etl/tending/tend.ts';
import { tendDataset } from '../../etl/tending/tend-dataset.ts';
import { withMetadataCache } from './metadata-cache.ts';
import { runStateMachine } from './state-machine.ts';

/** The state machine, as it is deployed. */
export const DEFINITION = fileURLToPath(new URL('../../state-machines/medallion.asl.json', import.meta.url));

/** What an execution begins with: a held run that a person approved, or a plan, under an id where one was given out. */
type Start = ApprovedRun | { readonly runId?: string; readonly start?: 'reseal' };

/** Runs one execution of the workflow for a dataset, under an id where one was given out, and returns how it ended. */
export async function runOnce(dataset: string, effects: Effects, start: Start = {}): Promise<RunRecord> {
  return (await execute(dataset, effects, start)).record;
}

/** How an execution ended, and whether its sweep found more files to run; undefined where it came to none. */
interface Executed {
  readonly record: RunRecord;
  readonly isMorePending: boolean | undefined;
}

async function execute(dataset: string, effects: Effects, start: Start): Promise<Executed> {
  const startedAt = effects.clock.now();
  const runId = start.runId ?? newRunId(startedAt);
  const place = { runId, startedAt };
  return await keepingEngine(effects, `run-${runId}`, (kept) =>
    executeOn(kept, dataset, { start, ...place }),
  );
}

/** An execution's id, and when it began. */
interface Begun {
  readonly start: Start;
  readonly runId: string;
  readonly startedAt: Date;
}

async function executeOn(
  effects: Effects,
  dataset: string,
  { start, runId, startedAt }: Begun,
): Promise<Executed> {
  const result = await runStateMachine({
    definitionText: await readFile(DEFINITION, 'utf8'),
    handlers: handlersOn({ ...effects, objects: withMetadataCache(effects.objects) }),
    ...(effects.onError === undefined ? {} : { onError: effects.onError }),
    readItems: (key) => getDocument(effects.objects, key, z.array(z.unknown())),
    input:
      'approved' in start
        ? { dataset, start: 'promote', ...start }
        : { dataset, runId, start: start.start ?? 'plan' },
  });
  const swept = result.status === 'succeeded' ? Swept.safeParse(result.output).data : undefined;
  const key = runRecordKey(dataset, runId);
  const stored = await effects.objects.get(key);
  if (stored !== undefined)
    return { record: parseDocument(stored.body, key, RunRecord), isMorePending: swept?.sweep.pending };
  if (result.status === 'failed') {
    const context = { dataset, runId, plan: planKey(dataset, runId) };
    throw new DataError(
      'RUN_LOST',
      `Run ${runId} of ${dataset} ended without a record: ${result.cause ?? result.error ?? 'no cause'}`,
      { context },
    );
  }
  return {
    record: nothingToDo(dataset, runId, startedAt, effects.clock.now()),
    isMorePending: swept?.sweep.pending,
  };
}

/** What the machine ends with, as far as it matters here. */
const Swept = z.object({ sweep: z.object({ pending: z.boolean() }) });

/** The stages. Sweep only looks for files that came during the run, which are in the last days. */
function handlersOn(effects: Effects): ReturnType<typeof bindStages> {
  const { sweep } = bindStages(lookingAt('last-days', effects));
  return { ...bindStages(effects), sweep };
}

function lookingAt(look: Look, effects: Effects): Effects {
  if (look === 'last-days') return { ...effects, lookBackDays: LOOK_BACK_DAYS };
  const { lookBackDays: _, ...everywhere } = effects;
  return everywhere;
}

/**
 * Runs a dataset until nothing is pending: what was dropped while a run was active is picked up by the next one.
 * Stops after a run that failed. The records are in order; a lone `nothing-to-do` says that there was nothing.
 */
export async function runDataset(
  dataset: string,
  effects: Effects,
  { look = 'everywhere', runId }: RunOptions = {},
): Promise<RunRecord[]> {
  const records: RunRecord[] = [];
  for (;;) {
    const start = runId === undefined || records.length > 0 ? {} : { runId };
    const { record, isMorePending } = await execute(dataset, lookingAt(look, effects), start);
    if (record.status === 'nothing-to-do' && records.length > 0) return records;
    records.push(record);
    const goesOn = isCommitted(record.status) || (record.status === 'refused' && record.files.length > 0);
    // A run that ended early didn't sweep: a plan finds out.
    if (!goesOn || isMorePending === false) return records;
  }
}

/** Who hears of trouble with upkeep. */
export interface UpkeepOptions {
  /** Called with the error that stopped the upkeep. The runs stand; the next upkeep catches up. */
  readonly onTrouble: (error: unknown) => void;
}

/**
 * Runs a dataset as `runDataset` does, and then does the due upkeep of its tables (etl/tending), so that a run's cost
 * doesn't grow with the number of earlier runs. Trouble with the upkeep is reported and doesn't affect the runs.
 */
export async function runAndTend(
  dataset: string,
  effects: Effects,
  { onTrouble, ...options }: UpkeepOptions & RunOptions,
): Promise<RunRecord[]> {
  const records = await runDataset(dataset, effects, options);
  if (!records.some(({ status }) => isCommitted(status))) return records;
  try {
    const objects = withMetadataCache(effects.objects);
    await tendDataset({ ...effects, objects }, dataset, BETWEEN_RUNS);
  } catch (error) {
    onTrouble(error);
  }
  return records;
}

/** The record of a run that found nothing pending; none is kept of it. */
export function nothingToDo(dataset: string, runId: string, startedAt: Date, endedAt: Date): RunRecord {
  return {
    runId,
    dataset,
    status: 'nothing-to-do',
    counts: { records: 0, silver: 0, quarantined: 0, condemned: 0, blank: 0 },
    reasons: {},
    controlTotals: [],
    files: [],
    snapshotId: null,
    sealDigest: null,
    contractVersion: null,
    why: [],
    startedAt: startedAt.toISOString(),
    endedAt: endedAt.toISOString(),
    durationMs: endedAt.getTime() - startedAt.getTime(),
  };
}
