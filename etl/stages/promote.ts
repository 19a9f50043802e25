import { z } from 'zod';
import { loadContracts } from '../contract/load-contracts.ts';
import { ConfigError } from '../errors.ts';
import { commitPlanKey, heldKey, metadataPrefix, planKey, sealKey } from '../naming.ts';
import type { Effects } from '../ports.ts';
import { commitTable } from '../table/commit-table.ts';
import { movePointer, type Pointer, readPointer, type TableState } from '../table/pointer.ts';
import { DATASET_TABLES, type DatasetTable, openDatasetTable } from './dataset-tables.ts';
import { CommitPlan, getDocument, Plan, Seal } from './documents.ts';
import { followCatalog } from './follow-catalog.ts';
import { loadRun, type RunContext } from './run-context.ts';
import { writeRunRecord } from './run-record.ts';
import { defineStage, RunInput } from './stage.ts';

const PromoteInput = RunInput.extend({
  /** Name of the workflow execution, for the pointer; the run's own where there is none. */
  execution: z.string().optional(),
  /** Set where a person approved a held run: the digest of the seal that was looked at. */
  approved: z.object({ digest: z.string(), by: z.string(), reason: z.string() }).optional(),
});
const PromoteOutput = RunInput.extend({ version: z.number().int(), snapshotId: z.number().int() });

/**
 * Publishes a sealed run: writes the next metadata of Silver, quarantine, condemned and ledger, and moves
 * `_LATEST.json` to all four with one conditional write, which the catalog then follows. A repeat after the move
 * commits nothing, and does what was left to do. Throws ConflictError when another run committed since the plan was made.
 */
export const promote = defineStage({
  name: 'promote',
  input: PromoteInput,
  output: PromoteOutput,
  run: async (input, effects) => {
    const { dataset, runId } = input;
    const current = await readPointer(effects.objects, 'silver', dataset);
    const pointer = current?.pointer.run_id === runId ? current.pointer : await commitRun(input, effects);
    const { plan, seal } = await readSealed(effects, dataset, runId, pointer);
    const snapshotId = pointer.snapshot_id;
    await writeRunRecord(
      effects,
      { dataset, runId },
      { plan, seal },
      { status: 'promoted', why: [], snapshotId },
    );
    await effects.objects.remove(heldKey(dataset, runId));
    const contract = (await loadContracts(effects.contracts)).contracts.get(dataset);
    if (contract !== undefined) await followCatalog(effects, contract);
    await alertRejectedFiles(effects, seal);
    return { dataset, runId, version: pointer.version, snapshotId };
  },
});

async function readSealed(
  effects: Effects,
  dataset: string,
  runId: string,
  pointer: Pointer,
): Promise<{ plan: Plan; seal: Seal }> {
  const plan = await getDocument(effects.objects, planKey(dataset, runId), Plan);
  const seal = await getDocument(effects.objects, sealKey(dataset, pointer.contract_version, runId), Seal);
  return { plan, seal };
}

async function commitRun(input: z.infer<typeof PromoteInput>, effects: Effects): Promise<Pointer> {
  const { dataset, runId } = input;
  const context = await loadRun(effects, dataset, runId);
  const seal = await getDocument(effects.objects, sealKey(dataset, context.contract.version, runId), Seal);
  checkApproval(input, seal);
  const commit = await getDocument(effects.objects, commitPlanKey(dataset, runId), CommitPlan);
  const now = effects.clock.now();
  const tables: Record<string, TableState> = {};
  for (const layer of DATASET_TABLES) {
    tables[layer] = await commitLayer(effects, context, { layer, commit, seal, nowMs: now.getTime() });
  }
  const silver = tables.silver as TableState;
  const next: Pointer = {
    format: 1,
    dataset,
    version: (context.base?.version ?? 0) + 1,
    snapshot_id: silver.snapshot_id,
    metadata_location: silver.metadata_location,
    run_id: runId,
    execution: input.execution ?? runId,
    seal_digest: seal.digest,
    contract_version: seal.contractVersion,
    contract_digest: seal.contractDigest,
    committed_at: now.toISOString(),
    tables,
  };
  await movePointer(effects.objects, 'silver', next, context.baseEtag);
  return next;
}

function checkApproval({ runId, approved }: z.infer<typeof PromoteInput>, seal: Seal): void {
  if (approved === undefined || approved.digest === seal.digest) return;
  throw new ConfigError(
    'OTHER_DIGEST',
    `Run ${runId} is sealed as ${seal.digest}, but ${approved.digest} was approved: look at it again with 'assay show ${runId}'.`,
  );
}

interface LayerCommit {
  readonly layer: DatasetTable;
  readonly commit: CommitPlan;
  readonly seal: Seal;
  readonly nowMs: number;
}

/** Writes a table's next metadata; where nothing changes in it, it stays where it was. */
async function commitLayer(effects: Effects, context: RunContext, change: LayerCommit): Promise<TableState> {
  const { layer, commit, seal, nowMs } = change;
  const { plan, contract, base, baseEtag } = context;
  const add = layer === 'source_files' ? commit.ledger : commit[layer];
  const remove = new Set(layer === 'silver' ? commit.removeFromSilver : []);
  const state = base?.tables[layer];
  if (state !== undefined && add.length === 0 && remove.size === 0) return state;
  return commitTable({
    objects: effects.objects,
    table: await openDatasetTable(effects.objects, contract, base, layer),
    keyPrefix: metadataPrefix(layer, plan.dataset),
    add,
    remove,
    nowMs,
    attempt: `${plan.runId}:${layer}:${baseEtag ?? ''}`,
    summary: {
      'assay.run-id': plan.runId,
      'assay.seal-digest': seal.digest,
      'assay.contract-version': plan.contractVersion,
    },
  });
}

async function alertRejectedFiles(effects: Effects, seal: Seal): Promise<void> {
  const rejected = seal.files.filter((file) => file.status === 'rejected');
  if (rejected.length === 0) return;
  await effects.alerts.send({
    kind: 'files-rejected',
    dataset: seal.dataset,
    runId: seal.runId,
    at: effects.clock.now().toISOString(),
    title: `${rejected.length} of ${seal.files.length} files of ${seal.dataset} could not be read and were rejected whole.`,
    readersSee: `Readers see the other files, published by run ${seal.runId}.`,
    nextCommand: `assay show ${seal.runId}`,
    details: { files: rejected.map(({ key, note }) => ({ key, why: note ?? '' })) },
  });
}
