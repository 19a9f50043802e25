import { z } from 'zod';
import { ConflictError } from '../errors.ts';
import { heldKey, sealKey } from '../naming/runs.ts';
import { tellEnd } from '../openlineage/tell-run.ts';
import { Seal } from './documents.ts';
import { requireHeld } from './held-run.ts';
import type { Withheld } from './outcomes.ts';
import { readersSee } from './readers-see.ts';
import { loadRun } from './run-context.ts';
import { writeRunRecord } from './run-record.ts';
import { defineStage, RunInput } from './stage.ts';
import { getDocument, putDocument } from './stored-documents.ts';
import { readStoredWithheld, refusedOf } from './withheld.ts';

const HoldInput = RunInput.extend({ gate: z.object({ why: z.array(z.string()) }) });
const HoldOutput = RunInput.extend({ status: z.literal('held') });

/** Sets a run aside for a person: its files wait, its rejects can be looked at where they are staged, readers see nothing of it. */
export const hold = defineStage({
  name: 'hold',
  input: HoldInput,
  output: HoldOutput,
  run: async ({ dataset, runId, gate }, effects) => {
    const { plan, contract, published } = await loadRun(effects, { dataset, runId });
    const seal = await getDocument(effects.objects, sealKey(dataset, contract.version, runId), Seal);
    const before = await readStoredWithheld(effects.objects, { dataset, runId });
    const keys = plan.files.map((file) => file.key);
    if (before !== undefined) requireSameFiles(requireHeld({ dataset, runId }, before.withheld), keys);
    const at = effects.clock.now().toISOString();
    const withheld: Withheld = {
      dataset,
      runId,
      decision: 'held',
      contractDigest: plan.contractDigest,
      sealDigest: seal.digest,
      keys,
      why: gate.why,
      at,
      ...refusedOf(before?.withheld),
      ...(plan.rest === undefined ? {} : { rest: plan.rest }),
    };
    await putDocument(
      effects.objects,
      heldKey(dataset, runId),
      withheld,
      before === undefined ? undefined : { ifMatch: before.etag },
    );
    await writeRunRecord(
      effects,
      { dataset, runId },
      { plan, seal },
      { status: 'held', why: gate.why, snapshotId: null },
    );
    await effects.alerts.send({
      kind: 'run-held',
      dataset,
      runId,
      at,
      title: `Run ${runId} of ${dataset} is held: ${gate.why.join('; ')}.`,
      readersSee: await readersSee(effects, published),
      nextCommand: `assay show ${runId}`,
      details: { counts: seal.counts, reasons: seal.reasons, sealDigest: seal.digest },
    });
    await tellEnd(effects, { dataset, runId }, { eventType: 'OTHER', why: gate.why });
    return { dataset, runId, status: 'held' as const };
  },
});

/**
 * Throws ConflictError where files were refused while the run was sealed with them: it is planned again without them.
 */
function requireSameFiles({ dataset, runId, keys }: Withheld, sealed: readonly string[]): void {
  const now = new Set(keys);
  if (now.size === sealed.length && sealed.every((key) => now.has(key))) return;
  throw new ConflictError(
    'FILES_REFUSED',
    `Files of run ${runId} of ${dataset} were refused while it was sealed; planning without them.`,
    { context: { dataset, runId } },
  );
}
