import { ConfigError } from '../errors.ts';
import { retryOf } from '../naming/decisions.ts';
import { runRecordKey } from '../naming/runs.ts';
import { tellEnd } from '../openlineage/tell-run.ts';
import type { Effects } from '../ports.ts';
import { recordDecision } from '../stages/decisions.ts';
import { requireHeld } from '../stages/held-run.ts';
import { type Decision, RunRecord, type Withheld } from '../stages/outcomes.ts';
import { newRunId } from '../stages/run-id.ts';
import type { RunInput } from '../stages/stage.ts';
import { getDocument, putDocument } from '../stages/stored-documents.ts';
import { changeWithheld, readStoredWithheld } from '../stages/withheld.ts';

/** Who decides, and why. */
export interface Word {
  readonly by: string;
  readonly reason: string;
}

/** Keeps a decision under a new id and returns the id. */
export async function keepDecision(effects: Effects, decision: Omit<Decision, 'at' | 'id'>): Promise<string> {
  const id = newRunId(effects.clock.now());
  await recordDecision(effects, { id, ...decision });
  return id;
}

/**
 * Refuses a held run: nothing of it is published, and its files are set aside until the contract changes or a
 * person readmits them. Throws ConfigError `NOT_HELD` where it isn't held.
 */
export async function refuseRun(effects: Effects, run: RunInput, { by, reason }: Word): Promise<RunRecord> {
  const why = [`refused by ${by}: ${reason}`];
  const at = effects.clock.now().toISOString();
  const before = await changeWithheld(effects.objects, run, (now) => {
    const { refused, ...held } = requireHeld(run, now);
    const keys = [...held.keys, ...(refused?.keys ?? [])];
    return { ...held, decision: 'refused', keys, why: [...why, ...(refused?.why ?? [])], at };
  });
  const record = await rewriteRecord(effects, run, { status: 'refused', why });
  const details = { sealDigest: before?.sealDigest, files: before?.keys.length };
  await keepDecision(effects, { ...run, kind: 'refused', by, reason, details });
  await tellEnd(effects, run, { eventType: 'ABORT', why });
  return record;
}

/** What was readmitted. */
export interface Readmitted {
  readonly runId: string;
  readonly dataset: string;
  readonly was: Withheld['decision'];
  /** Keys of the files that the next run takes up. */
  readonly files: readonly string[];
}

/**
 * Gives back the files that were set aside with a run (held, refused or rolled back), so that the next run tests
 * them as if they were new. What was refused of it while it was held stays refused. A retry among them stays set aside:
 * its records are open, and can be retried again. Throws ConfigError `NOT_WITHHELD` where none are set aside with it.
 */
export async function readmitRun(effects: Effects, run: RunInput, { by, reason }: Word): Promise<Readmitted> {
  const withheld = await readWithheld(effects, run);
  const isRetry = (key: string): boolean => retryOf(run.dataset, key) !== undefined;
  const files = withheld?.keys.filter((key) => !isRetry(key)) ?? [];
  if (withheld === undefined || files.length === 0) {
    throw new ConfigError(
      'NOT_WITHHELD',
      `No source files are set aside with run ${run.runId} of ${run.dataset}, so that there is nothing to readmit; records whose retry was set aside are open, and can be retried again.`,
      { context: { ...run } },
    );
  }
  const was = withheld.decision;
  const details = { was, files };
  await keepDecision(effects, { ...run, kind: 'readmitted', by, reason, details });
  if (was === 'held')
    await rewriteRecord(effects, run, { status: 'refused', why: [`readmitted by ${by}: ${reason}`] });
  await changeWithheld(effects.objects, run, (now) => {
    if (now === undefined) return undefined;
    const { refused, ...rest } = now;
    const keys = [...rest.keys.filter((key) => !files.includes(key)), ...(refused?.keys ?? [])];
    return { ...rest, decision: 'refused', keys };
  });
  return { ...run, was, files };
}

/** The files set aside with a run; undefined where none are. */
export async function readWithheld(
  { objects }: Pick<Effects, 'objects'>,
  run: RunInput,
): Promise<Withheld | undefined> {
  return (await readStoredWithheld(objects, run))?.withheld;
}

/** Changes how a run ended, after a person decided on it, and returns its record. */
export async function rewriteRecord(
  effects: Effects,
  { dataset, runId }: RunInput,
  end: Partial<Pick<RunRecord, 'status' | 'why' | 'snapshotId' | 'sealDigest'>>,
): Promise<RunRecord> {
  const key = runRecordKey(dataset, runId);
  const record = { ...(await getDocument(effects.objects, key, RunRecord)), ...end };
  await putDocument(effects.objects, key, record);
  return record;
}
