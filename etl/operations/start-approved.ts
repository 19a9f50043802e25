import { loadContracts, requireSourceContract } from '../contract/load-contracts.ts';
import type { Clock, ContractSource, DatasetRun, Executions, ObjectStore } from '../ports.ts';
import { checkApproval, requireHeld } from '../stages/held-run.ts';
import type { Approval } from '../stages/outcomes.ts';
import { newRunId } from '../stages/run-id.ts';
import { readWithheld } from './decide-run.ts';

/** What starting an approved run needs of the world. */
export interface ApprovalEffects {
  readonly objects: ObjectStore;
  readonly contracts: ContractSource;
  readonly clock: Clock;
  readonly executions: Executions;
}

/**
 * Starts the workflow that publishes a held run as it was sealed, and returns the execution's name. It needs no lease:
 * where another run commits meanwhile, the workflow plans and seals this one again. Throws ConfigError, and starts
 * nothing, where the run isn't held (`NOT_HELD`), another seal was approved (`OTHER_DIGEST`) or the contract changed
 * since (`CONTRACT_CHANGED`).
 */
export async function startApproved(
  { dataset, runId }: DatasetRun,
  approved: Approval,
  { objects, contracts, clock, executions }: ApprovalEffects,
): Promise<string> {
  const contract = requireSourceContract(await loadContracts(contracts), dataset);
  const held = requireHeld({ dataset, runId }, await readWithheld({ objects }, { dataset, runId }));
  checkApproval(held, approved.digest, contract);
  // Its own name each time: what failed may be approved again.
  const name = `${runId}-approved-${newRunId(clock.now())}`;
  await executions.start(name, { dataset, runId, start: 'promote', approved });
  return name;
}

/**
 * Starts the workflow that seals anew what is left of a held run of which files were refused, and returns the execution's
 * name. It needs no lease: nothing is published by it. Throws ConfigError `NOT_HELD` where the run isn't held.
 */
export async function startResealed(
  { dataset, runId }: DatasetRun,
  { objects, clock, executions }: Omit<ApprovalEffects, 'contracts'>,
): Promise<string> {
  requireHeld({ dataset, runId }, await readWithheld({ objects }, { dataset, runId }));
  const name = `${runId}-resealed-${newRunId(clock.now())}`;
  await executions.start(name, { dataset, runId, start: 'reseal' });
  return name;
}
