import { loadContracts, requireSourceContract } from '../contract/load-contracts.ts';
import type { Effects } from '../ports.ts';
import { checkApproval, requireHeld } from '../stages/held-run.ts';
import type { RunRecord } from '../stages/outcomes.ts';
import type { RunInput } from '../stages/stage.ts';
import { readWithheld, type Word } from './decide-run.ts';
import type { Runs } from './runs.ts';

/** A lake whose runs can be gone on with. */
export interface RunningLake {
  readonly effects: Effects;
  readonly runs: Runs;
}

/**
 * Publishes a held run under the digest of the seal that was looked at, and returns how it ended. Throws ConfigError
 * `NOT_HELD`, `OTHER_DIGEST`, `NOT_SEALED` or `CONTRACT_CHANGED` before anything is done.
 */
export async function approveRun(
  { effects, runs }: RunningLake,
  { dataset, runId }: RunInput,
  approval: Word & { readonly digest: string },
): Promise<RunRecord> {
  const contract = requireSourceContract(await loadContracts(effects.contracts), dataset);
  const held = requireHeld({ runId, dataset }, await readWithheld(effects, { runId, dataset }));
  checkApproval(held, approval.digest, contract);
  const { digest, by, reason } = approval;
  return await runs.approved(dataset, { runId, approved: { digest, by, reason } });
}
