import { ConfigError } from '../errors.ts';
import { heldKey, retryOf, runRecordKey } from '../naming.ts';
import type { Effects } from '../ports.ts';
import { recordDecision } from '../stages/decisions.ts';
import {
  type Decision,
  getDocument,
  parseDocument,
  putDocument,
  RunRecord,
  Withheld,
} from '../stages/documents.ts';
import { requireHeld } from '../stages/held-run.ts';
import { newRunId } from '../stages/run-id.ts';
import type { RunInput } from '../stages/stage.ts';

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
  const held = requireHeld(run, await readWithheld(effects, run));
  const why = [`refused by ${by}: ${reason}`];
  const at = effects.clock.now().toISOString();
  await putDocument(effects.objects, heldKey(run.dataset, run.runId), {
    ...held,
    decision: 'refused',
    why,
    at,
  } satisfies Withheld);
  const record = await rewriteRecord(effects, run, { status: 'refused', why });
  const details = { sealDigest: held.sealDigest, files: held.keys.length };
  await keepDecision(effects, { ...run, kind: 'refused', by, reason, details });
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
 * them as if they were new. A retry among them stays set aside: its records are open, and can be retried again. Throws ConfigError `NOT_WITHHELD` where none are set aside with it.
 */
export async function readmitRun(effects: Effects, run: RunInput, { by, reason }: Word): Promise<Readmitted> {
  const withheld = await readWithheld(effects, run);
  const retries = withheld?.keys.filter((key) => retryOf(run.dataset, key) !== undefined) ?? [];
  const files = withheld?.keys.filter((key) => !retries.includes(key)) ?? [];
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
  const key = heldKey(run.dataset, run.runId);
  if (retries.length === 0) await effects.objects.remove(key);
  else await putDocument(effects.objects, key, { ...withheld, decision: 'refused', keys: retries });
  return { ...run, was, files };
}

/**
 * Gives back one of the files that were set aside with a run that was refused or rolled back; the others stay. The file is
 * named by its key, or by its name where no other has it. Throws ConfigError `NOT_WITHHELD` where it is not set aside,
 * and `STILL_HELD` where the run waits for a decision: its verdicts are of all its files.
 */
export async function readmitFile(
  effects: Effects,
  { file, ...run }: RunInput & { readonly file: string },
  { by, reason }: Word,
): Promise<Readmitted> {
  const withheld = await readWithheld(effects, run);
  const context = { ...run, file };
  if (withheld?.decision === 'held')
    throw new ConfigError(
      'STILL_HELD',
      `Run ${run.runId} waits for a decision, which is of all its files: 'assay refuse ${run.runId}' sets them aside, and then each can be readmitted.`,
      { context },
    );
  const meant = (withheld?.keys ?? []).filter((key) => key === file || key.endsWith(`/${file}`));
  const [key] = meant;
  if (
    withheld === undefined ||
    key === undefined ||
    meant.length > 1 ||
    retryOf(run.dataset, key) !== undefined
  )
    throw new ConfigError(
      'NOT_WITHHELD',
      meant.length > 1
        ? `${meant.length} files set aside with run ${run.runId} are called ${file}: name one by its key, e.g. ${key}.`
        : `No source file ${file} is set aside with run ${run.runId} of ${run.dataset}.`,
      { context },
    );
  const left = withheld.keys.filter((one) => one !== key);
  const details = { was: withheld.decision, files: [key], left: left.length };
  await keepDecision(effects, { ...run, kind: 'files-readmitted', by, reason, details });
  const document = heldKey(run.dataset, run.runId);
  if (left.length === 0) await effects.objects.remove(document);
  else await putDocument(effects.objects, document, { ...withheld, keys: left } satisfies Withheld);
  return { ...run, was: withheld.decision, files: [key] };
}

/** The files set aside with a run; undefined where none are. */
export async function readWithheld(
  effects: Pick<Effects, 'objects'>,
  run: RunInput,
): Promise<Withheld | undefined> {
  const key = heldKey(run.dataset, run.runId);
  const stored = await effects.objects.get(key);
  return stored === undefined ? undefined : parseDocument(stored.body, key, Withheld);
}

/** Changes how a run ended, after a person decided on it, and returns its record. */
export async function rewriteRecord(
  effects: Effects,
  { dataset, runId }: RunInput,
  end: Partial<Pick<RunRecord, 'status' | 'why' | 'snapshotId'>>,
): Promise<RunRecord> {
  const key = runRecordKey(dataset, runId);
  const record = { ...(await getDocument(effects.objects, key, RunRecord)), ...end };
  await putDocument(effects.objects, key, record);
  return record;
}
