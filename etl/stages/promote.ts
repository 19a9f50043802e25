import { z } from 'zod';
import { loadContracts } from '../contract/load-contracts.ts';
import { ConflictError } from '../errors.ts';
import { sourceName } from '../naming/bronze.ts';
import { migrationKey } from '../naming/generations.ts';
import { commitPlanKey, heldKey, planKey, sealKey } from '../naming/runs.ts';
import type { Effects } from '../ports.ts';
import { followedBy, generationsPart } from '../table/generations.ts';
import { movePointer, type Pointer } from '../table/pointer.ts';
import { getCommitPlan } from './commit-plans.ts';
import { commitTables } from './commit-tables.ts';
import { committedStatus } from './committed-status.ts';
import { findState } from './dataset-history.ts';
import { recordDecision } from './decisions.ts';
import { Plan, Seal } from './documents.ts';
import { followCatalog } from './follow-catalog.ts';
import { checkApproval, requireHeld } from './held-run.ts';
import { listWithheld } from './list-sources.ts';
import { MigrationRequest } from './migration-documents.ts';
import { Approval, type RunRecord } from './outcomes.ts';
import { loadRun, type RunContext } from './run-context.ts';
import { inFormat } from './run-documents.ts';
import { writeRunRecord } from './run-record.ts';
import { defineStage, RunInput } from './stage.ts';
import { requireStaged } from './staged-files.ts';
import { getDocument } from './stored-documents.ts';
import { leaveRefused } from './withheld.ts';

const PromoteInput = RunInput.extend({
  /** Name of the workflow execution, for the pointer; the run's own where there is none. */
  execution: z.string().optional(),
  /** Set where a person approved a held run: the digest of the seal that was looked at. */
  approved: Approval.optional(),
});
const PromoteOutput = RunInput.extend({ version: z.number().int(), snapshotId: z.number().int() });

/**
 * Publishes a sealed run: writes the next metadata of Silver, quarantine, condemned and ledger, and moves
 * `_LATEST.json` to all four with one conditional write, which the catalog then follows. A repeat after the move
 * commits nothing, and does what was left to do. Throws ConflictError when another run committed since the plan was
 * made, and ConfigError when a person approved what isn't held, or another seal.
 */
export const promote = defineStage({
  name: 'promote',
  input: PromoteInput,
  output: PromoteOutput,
  run: async (input, effects) => {
    const { dataset, runId, approved } = input;
    const done = await findState(effects, dataset, (state) => state.run_id === runId);
    const published = done ?? (await commitRun(input, effects));
    const { plan, seal } = await readSealed(effects, dataset, runId, published);
    const snapshotId = published.snapshot_id;
    if (approved !== undefined) await recordApproval(effects, { dataset, runId }, approved);
    if (plan.generation !== undefined) await recordMigration(effects, plan, published);
    await writeRunRecord(effects, { dataset, runId }, { plan, seal }, { ...endOf(plan, seal), snapshotId });
    if (approved === undefined) await effects.objects.remove(heldKey(dataset, runId));
    else
      await leaveRefused(
        effects.objects,
        { dataset, runId },
        seal.files.map(({ key }) => key),
      );
    const contract = (await loadContracts(effects.contracts)).contracts.get(dataset);
    if (contract !== undefined) await followCatalog(effects, contract);
    await alertRejectedFiles(effects, seal);
    return { dataset, runId, version: published.version, snapshotId };
  },
});

async function readSealed(
  effects: Effects,
  dataset: string,
  runId: string,
  { contract_version }: Pick<Pointer, 'contract_version'>,
): Promise<{ plan: Plan; seal: Seal }> {
  const plan = await getDocument(effects.objects, planKey(dataset, runId), Plan);
  const seal = await getDocument(effects.objects, sealKey(dataset, contract_version, runId), Seal);
  return { plan, seal };
}

async function commitRun(input: z.infer<typeof PromoteInput>, effects: Effects): Promise<Pointer> {
  const { dataset, runId } = input;
  const context = await loadRun(effects, { dataset, runId });
  const seal = await getDocument(effects.objects, sealKey(dataset, context.contract.version, runId), Seal);
  if (input.approved !== undefined) {
    const withheld = await listWithheld(effects, dataset);
    const held = requireHeld(
      input,
      withheld.find((one) => one.runId === runId),
    );
    checkApproval(held, input.approved.digest, context.contract);
    // Another seal than the held and approved one: seal and compare again.
    if (seal.digest !== input.approved.digest) throw outdatedSeal(input);
  }
  // Planned but not yet sealed again: the staged files are of another base.
  if (seal.baseVersion !== context.plan.baseVersion) throw outdatedSeal(input);
  const commit = inFormat(await getCommitPlan(effects.objects, input), commitPlanKey(dataset, runId));
  if (commit.sealDigest !== undefined && commit.sealDigest !== seal.digest) throw outdatedSeal(input);
  if (input.approved !== undefined) await requireStaged(effects.objects, input, commit);
  const now = effects.clock.now();
  const state = {
    dataset,
    version: (context.base?.version ?? 0) + 1,
    run_id: runId,
    seal_digest: seal.digest,
    contract_version: seal.contractVersion,
    contract_digest: seal.contractDigest,
    committed_at: now.toISOString(),
  };
  const tables = await commitTables(effects, {
    contract: context.contract,
    base: context.base,
    state,
    attempt: `${runId}:${context.baseEtag ?? ''}`,
    changes: {
      silver: { add: commit.silver, remove: new Set(commit.removeFromSilver) },
      quarantine: { add: commit.quarantine, remove: new Set(commit.absorbed?.quarantine) },
      condemned: { add: commit.condemned, remove: new Set(commit.absorbed?.condemned) },
      source_files: { add: commit.ledger, remove: new Set(commit.absorbed?.ledger) },
    },
  });
  const { snapshot_id, metadata_location } = tables.silver;
  const execution = input.execution ?? runId;
  const generations = generationsAfter(context, state.committed_at);
  const next: Pointer = {
    format: 1,
    ...state,
    execution,
    snapshot_id,
    metadata_location,
    tables,
    ...generations,
  };
  await movePointer(effects.objects, 'silver', next, context.baseEtag);
  return next;
}

function outdatedSeal({ dataset, runId }: RunInput): ConflictError {
  return new ConflictError(
    'SEAL_OUTDATED',
    `Run ${runId} of ${dataset} was planned again since it was sealed.`,
    { context: { dataset, runId } },
  );
}

/** A migration's pointer names its own generation, and those before it. */
function generationsAfter({ plan, base, published }: RunContext, at: string) {
  const { generation, runId } = plan;
  if (generation === undefined || published === undefined) return generationsPart(base);
  return followedBy(published, { generation, runId, at });
}

/** The id under which a run's approval is kept: there is one, however often it is repeated. */
export const approvalId = (runId: string): string => `${runId}-approved`;

function recordApproval(
  effects: Effects,
  { dataset, runId }: RunInput,
  { digest, by, reason }: Approval,
): Promise<void> {
  const details = { sealDigest: digest };
  return recordDecision(effects, {
    id: approvalId(runId),
    kind: 'approved',
    dataset,
    by,
    reason,
    runId,
    details,
  });
}

async function recordMigration(
  effects: Effects,
  plan: Plan,
  { version }: Pick<Pointer, 'version'>,
): Promise<void> {
  const { dataset, runId, generation, contractVersion } = plan;
  const { by, reason } = await getDocument(effects.objects, migrationKey(dataset, runId), MigrationRequest);
  const details = { generation, contractVersion, version };
  await recordDecision(effects, {
    id: `${runId}-migrated`,
    kind: 'migrated',
    dataset,
    by,
    reason,
    runId,
    details,
  });
}

/** A run none of whose files could be published is not called promoted, though the ledger has it. */
function endOf(plan: Plan, seal: Seal): Pick<RunRecord, 'status' | 'why'> {
  const status = committedStatus(plan, seal.files);
  return { status, why: status === 'promoted' ? [] : rejectedInWords(seal) };
}

/** Rejected files that a sentence names. */
const NAMED_FILES = 5;

/** `orders.csv: it has no column for 'amount'; …`, a sentence a file. */
function rejectedInWords({ files }: Seal): string[] {
  const rejected = files.filter(({ status }) => status === 'rejected');
  const rest = rejected.length - NAMED_FILES;
  return [
    ...rejected.slice(0, NAMED_FILES).map(({ key, note }) => `${sourceName(key)}: ${note ?? 'rejected'}`),
    ...(rest > 0 ? [`and ${rest} more files`] : []),
  ];
}

async function alertRejectedFiles(effects: Effects, seal: Seal): Promise<void> {
  const rejected = seal.files.filter((file) => file.status === 'rejected');
  if (rejected.length === 0) return;
  const isAll = seal.files.every((file) => file.status !== 'accepted');
  await effects.alerts.send({
    kind: 'files-rejected',
    dataset: seal.dataset,
    runId: seal.runId,
    at: effects.clock.now().toISOString(),
    title: `${rejected.length} of ${seal.files.length} files of ${seal.dataset} could not be read and were rejected whole: ${rejectedInWords(seal).join('; ')}.`,
    readersSee: isAll
      ? 'Readers see what they saw before: nothing was published.'
      : `Readers see the other files, published by run ${seal.runId}.`,
    nextCommand: `assay show ${seal.runId}`,
    details: { files: rejected.map(({ key, note }) => ({ key, why: note ?? '' })) },
  });
}
