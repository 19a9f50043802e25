import { z } from 'zod';
import { loadContracts, requireSourceContract } from '../contract/load-contracts.ts';
import { ConflictError, DataError } from '../errors.ts';
import { tellPublished } from '../events/tell-published.ts';
import { migrationDueKey } from '../naming/generations.ts';
import { breakerKey, chunkFailurePrefix, heldKey, planKey, sealKey } from '../naming/runs.ts';
import { NOTHING_FOLLOWED, tellComplete, tellEnd } from '../openlineage/tell-run.ts';
import { type Effects, TOLD } from '../ports.ts';
import { type ReadPointer, readPointer } from '../table/pointer.ts';
import { committedStatus } from './committed-status.ts';
import { Plan, Seal } from './documents.ts';
import { openBreaker } from './make-plan.ts';
import { Breaker, ChunkFailure, StageFailure, type Withheld } from './outcomes.ts';
import { readersSee } from './readers-see.ts';
import { writeRunRecord } from './run-record.ts';
import { defineStage, RunInput } from './stage.ts';
import { parseDocument, putDocument } from './stored-documents.ts';
import { readStoredWithheld, refusedOf } from './withheld.ts';

/** The most reasons to list. */
const MOST_REASONS = 3;

/** Longest text that the workflow's record gets; it takes 32,768 characters. */
const TOLD_CHARACTERS = 2_000;

const Refusal = z.object({ why: z.union([z.string(), z.array(z.string())]) });
const FailureInput = RunInput.extend({
  failure: StageFailure.optional(),
  plan: z
    .looseObject({
      status: z.string().optional(),
      why: z.string().optional(),
      /** What to do about a held one. */
      next: z.string().optional(),
    })
    .optional(),
  gate: Refusal.extend({ decision: z.string() }).optional(),
});
const FailureOutput = RunInput.extend({
  status: z.enum(['failed', 'refused', 'promoted', 'nothing-published', 'held']),
  why: z.array(z.string()),
  /** For the workflow's record: that people were alerted, now or earlier for the same, and of what. */
  told: z.string().startsWith(TOLD),
});

/**
 * Records that a run failed or was refused and tells people. Where conservation was not proven, the files
 * that could not prove it are set aside until the contract changes, so that the others can go on. A run that
 * had published before it failed (in Gold, say) stays what it was called then, a held one whose approval failed stays held,
 * with what went wrong noted, and one that somebody refused meanwhile stays refused.
 */
export const recordFailure = defineStage({
  name: 'record-failure',
  input: FailureInput,
  output: FailureOutput,
  run: async (input, effects) => {
    const { dataset, runId } = input;
    const plan = await findPlan(effects, dataset, runId);
    const seal = plan === undefined ? undefined : await findSeal(effects, plan);
    const current = await readIfSound(effects, dataset);
    const why = await reasonsOf(input, effects);
    const refused = input.failure === undefined;
    const promoted = current?.pointer.run_id === runId;
    const withheld = (await readStoredWithheld(effects.objects, { dataset, runId }))?.withheld;
    const held = withheld?.decision === 'held' ? withheld : undefined;
    // Somebody refused it while another one's approval was on its way.
    const isDecided = !promoted && input.failure !== undefined && withheld?.decision === 'refused';
    if (isDecided) return await leaveRefused(effects, { dataset, runId }, withheld);
    const isMigrationDue = input.plan?.status === 'held';
    const isHeldNow = refused ? isMigrationDue : held !== undefined;
    const unpublished = isHeldNow ? 'held' : refused ? 'refused' : 'failed';
    const status: z.infer<typeof FailureOutput>['status'] = promoted
      ? committedStatus(plan, seal?.files ?? [])
      : unpublished;
    if (status === 'refused' && plan !== undefined && seal !== undefined)
      await setAside(effects, plan, seal, why);
    const snapshotId = promoted ? current.pointer.snapshot_id : null;
    // The seal of a run that waits to be sealed anew is outdated.
    const known = status === 'held' && held?.sealDigest === '' ? { plan } : { plan, seal };
    await writeRunRecord(effects, { dataset, runId }, known, { status, why, snapshotId });
    // Gold failed; programs hear of it once it follows.
    if (promoted) {
      await tellPublished(effects, { dataset, runId, isGoldLeftOut: true });
      await tellComplete(effects, { dataset, runId }, NOTHING_FOLLOWED);
    } else if (!isHeldNow) await tellEnd(effects, { dataset, runId }, { eventType: 'FAIL', why });
    const refusing = input.plan?.status === 'refused' ? await openBreaker(effects, dataset) : undefined;
    const isTold = isMigrationDue ? await wasTold(effects, dataset) : refusing?.toldAt !== undefined;
    // An open breaker refuses every run, and a due migration holds each: alert people once.
    if (!isTold) {
      await effects.alerts.send({
        kind: isMigrationDue ? 'run-held' : refused ? 'run-refused' : 'run-failed',
        dataset,
        runId,
        at: effects.clock.now().toISOString(),
        title: `Run ${runId} of ${dataset} ${isMigrationDue ? 'is held' : refused ? 'was refused' : 'failed'}: ${why.join('; ')}`,
        readersSee: await seenNow(effects, current?.pointer),
        nextCommand: (isMigrationDue ? input.plan?.next : undefined) ?? `assay show ${runId}`,
        details: { error: input.failure?.Error ?? '' },
      });
      if (refusing !== undefined) await noteTold(effects, dataset);
      if (isMigrationDue) await noteDue(effects, dataset);
    }
    const told = `${TOLD}${why.join('; ')}`.slice(0, TOLD_CHARACTERS);
    return { dataset, runId, status, why, told };
  },
});

/** What readers see; where their table is damaged, that may be the very failure that is recorded. */
async function seenNow(effects: Effects, pointer: ReadPointer['pointer'] | undefined): Promise<string> {
  try {
    return await readersSee(effects, pointer);
  } catch (error) {
    if (error instanceof DataError) return 'What readers see can not be read.';
    throw error;
  }
}

/** The pointer; undefined where it is damaged, which may be the very failure that is recorded. */
async function readIfSound({ objects }: Effects, dataset: string): Promise<ReadPointer | undefined> {
  try {
    return await readPointer(objects, 'silver', dataset);
  } catch (error) {
    if (error instanceof DataError) return undefined;
    throw error;
  }
}

/** Whether people were alerted that this migration is due. */
async function wasTold(effects: Effects, dataset: string): Promise<boolean> {
  const version = await versionOf(effects, dataset);
  const stored = await effects.objects.get(migrationDueKey(dataset));
  return (
    stored !== undefined && parseDocument(stored.body, migrationDueKey(dataset), Due).version === version
  );
}

async function noteDue(effects: Effects, dataset: string): Promise<void> {
  await putDocument(effects.objects, migrationDueKey(dataset), {
    version: await versionOf(effects, dataset),
  });
}

const Due = z.object({ version: z.string() });

async function versionOf(effects: Effects, dataset: string): Promise<string> {
  return requireSourceContract(await loadContracts(effects.contracts), dataset).version;
}

/** Notes on an open breaker that people were told; not where a person closed it meanwhile. */
async function noteTold(effects: Effects, dataset: string): Promise<void> {
  const key = breakerKey(dataset);
  const stored = await effects.objects.get(key);
  const breaker = stored === undefined ? undefined : parseDocument(stored.body, key, Breaker);
  if (stored === undefined || breaker === undefined || breaker.resetAt !== undefined) return;
  const noted: Breaker = { ...breaker, toldAt: effects.clock.now().toISOString() };
  try {
    await effects.objects.put(key, Buffer.from(`${JSON.stringify(noted, null, 1)}\n`), {
      ifMatch: stored.etag,
    });
  } catch (error) {
    if (!(error instanceof ConflictError)) throw error;
  }
}

/** The run, if it is held. Later failures don't change that. */
/** A person's refusal is the run's end, whatever an approval of it came to; who refused told whom they wanted to tell. */
async function leaveRefused(
  effects: Effects,
  { dataset, runId }: RunInput,
  { why }: Withheld,
): Promise<z.infer<typeof FailureOutput>> {
  const plan = await findPlan(effects, dataset, runId);
  const seal = plan === undefined ? undefined : await findSeal(effects, plan);
  const known = { plan, seal };
  await writeRunRecord(effects, { dataset, runId }, known, { status: 'refused', why, snapshotId: null });
  return {
    dataset,
    runId,
    status: 'refused',
    why,
    told: `${TOLD}${why.join('; ')}`.slice(0, TOLD_CHARACTERS),
  };
}

async function reasonsOf(input: z.infer<typeof FailureInput>, effects: Effects): Promise<string[]> {
  const { dataset, runId, failure, plan, gate } = input;
  if (failure !== undefined) {
    const chunks =
      failure.Error === 'States.ExceedToleratedFailureThreshold'
        ? await chunkReasons(effects, dataset, runId)
        : [];
    return chunks.length === 0 ? [reasonOf(failure)] : chunks;
  }
  const why = plan?.status === 'refused' || plan?.status === 'held' ? plan.why : gate?.why;
  return why === undefined ? ['it was refused'] : [why].flat();
}

function reasonOf(failure: StageFailure): string {
  return causeOf(failure.Cause) ?? failure.Error ?? 'it stopped without saying why';
}

/** Why chunks failed, each reason once; the Map itself only says that some did. */
async function chunkReasons({ objects }: Effects, dataset: string, runId: string): Promise<string[]> {
  const reasons = new Map<string, string>();
  for (const { key } of await objects.list(chunkFailurePrefix(dataset, runId))) {
    const stored = await objects.get(key);
    if (stored === undefined) continue;
    const { chunk, ...failure } = parseDocument(stored.body, key, ChunkFailure);
    const reason = reasonOf(failure);
    if (!reasons.has(reason)) reasons.set(reason, `chunk ${chunk}: ${reason}`);
  }
  return [...reasons.values()].slice(0, MOST_REASONS);
}

/** The message in a Cause: Lambda wraps it as JSON, the embedded runner gives it as it is. */
function causeOf(cause: string | undefined): string | undefined {
  if (cause === undefined || !cause.startsWith('{')) return cause;
  try {
    return z.object({ errorMessage: z.string() }).parse(JSON.parse(cause)).errorMessage;
  } catch {
    return cause;
  }
}

async function findPlan(effects: Effects, dataset: string, runId: string): Promise<Plan | undefined> {
  const key = planKey(dataset, runId);
  const stored = await effects.objects.get(key);
  return stored === undefined ? undefined : parseDocument(stored.body, key, Plan);
}

/** The run's seal, where it came so far. */
async function findSeal(effects: Effects, plan: Plan): Promise<Seal | undefined> {
  const key = sealKey(plan.dataset, plan.contractVersion, plan.runId);
  const stored = await effects.objects.get(key);
  return stored === undefined ? undefined : parseDocument(stored.body, key, Seal);
}

async function setAside(effects: Effects, plan: Plan, seal: Seal, why: string[]): Promise<void> {
  const unproven = seal.unproven.map(({ key }) => key);
  if (unproven.length === 0) return;
  const { dataset, runId, contractDigest } = plan;
  const before = (await readStoredWithheld(effects.objects, { dataset, runId }))?.withheld;
  const { refused } = refusedOf(before);
  const keys = [...new Set([...unproven, ...(refused?.keys ?? [])])];
  const at = effects.clock.now().toISOString();
  const withheld: Withheld = {
    dataset,
    runId,
    decision: 'refused',
    contractDigest,
    sealDigest: seal.digest,
    keys,
    why: [...why, ...(refused?.why ?? []).filter((one) => !why.includes(one))],
    at,
  };
  await putDocument(effects.objects, heldKey(dataset, runId), withheld);
}
