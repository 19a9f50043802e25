import { loadContracts, requireSourceContract } from '../contract/load-contracts.ts';
import { ConfigError } from '../errors.ts';
import { decisionKey } from '../naming/decisions.ts';
import type { Effects } from '../ports.ts';
import { checkApproval, requireHeld } from '../stages/held-run.ts';
import { Decision, type RunRecord } from '../stages/outcomes.ts';
import { approvalId } from '../stages/promote.ts';
import type { RunInput } from '../stages/stage.ts';
import { parseDocument } from '../stages/stored-documents.ts';
import { readWithheld, type Word } from './decide-run.ts';
import type { Runs } from './runs.ts';

/** A lake whose runs can be gone on with. */
export interface RunningLake {
  readonly effects: Effects;
  readonly runs: Runs;
}

/**
 * Publishes a held run under the digest of the seal that was looked at, and returns how it ended. Throws ConfigError
 * `OTHER_DIGEST`, `NOT_SEALED` or `CONTRACT_CHANGED` before anything is done, and `NOT_HELD` also where somebody refused or
 * approved it meanwhile: one approval of a run is kept, and whose it isn't must know that their reason was not.
 */
export async function approveRun(
  { effects, runs }: RunningLake,
  { dataset, runId }: RunInput,
  approval: Word & { readonly digest: string },
): Promise<RunRecord> {
  const askedAt = effects.clock.now().toISOString();
  const contract = requireSourceContract(await loadContracts(effects.contracts), dataset);
  const held = requireHeld({ runId, dataset }, await readWithheld(effects, { runId, dataset }));
  checkApproval(held, approval.digest, contract);
  const { digest, by, reason } = approval;
  const record = await runs.approved(dataset, { runId, approved: { digest, by, reason } });
  if (record.status === 'refused')
    requireHeld({ runId, dataset }, await readWithheld(effects, { runId, dataset }));
  await requireOwnApproval(effects, { dataset, runId }, { ...approval, askedAt });
  return record;
}

async function requireOwnApproval(
  { objects }: Effects,
  { dataset, runId }: RunInput,
  { by, reason, askedAt }: Word & { readonly askedAt: string },
): Promise<void> {
  const key = decisionKey(dataset, approvalId(runId));
  const stored = await objects.get(key);
  if (stored === undefined) return;
  const kept = parseDocument(stored.body, key, Decision);
  // One from before, whose process died before the run was recorded, was ended by this one.
  if (kept.at < askedAt || (kept.by === by && kept.reason === reason)) return;
  throw new ConfigError(
    'NOT_HELD',
    `Run ${runId} of ${dataset} waits for no decision: ${kept.by} approved it at ${kept.at} (${kept.reason}), and your reason was not kept.`,
    { context: { dataset, runId } },
  );
}
