import type { Contract } from '../contract/contract.ts';
import { PRIVACY_DATASET } from '../naming/privacy.ts';
import { keepDecision } from '../operations/decide-run.ts';
import type { Effects } from '../ports.ts';
import { foldErasures } from '../privacy/erasure-log.ts';
import { readableUntil } from '../privacy/period.ts';
import { isProtected, protectionOf } from '../privacy/protection.ts';
import type { VaultPeriod } from '../privacy/vault.ts';
import { protectedContracts } from './asked-subject.ts';
import { finishEnds } from './forgetting/end-request.ts';

/** The vault is sealed under a new key after so long: older copies of it are unreadable from then on. */
export const RENEWAL_MS = 13 * 86_400_000;

/** Who the decisions of the upkeep are by. */
const BY = 'assay';

/**
 * Destroys the keys of a dataset's periods that are past what its contract says, and tells so; returns which. Nothing to do
 * where nothing is protected, no retention is set, or this process has no vault. Safe to repeat.
 */
export async function endPeriods(effects: Effects, contract: Contract): Promise<readonly VaultPeriod[]> {
  const { vault } = effects;
  if (vault === undefined || contract.layer !== 'silver' || !isProtected(protectionOf(contract))) return [];
  const { dataset, retention } = contract;
  if (retention === undefined) return [];
  const now = effects.clock.now();
  const due = (await vault.periods()).filter((one) => {
    const until = one.dataset === dataset ? readableUntil(one.period, retention.level) : undefined;
    return until !== undefined && until <= now;
  });
  if (due.length === 0) return [];
  const reason = `past the retention of ${dataset}`;
  await vault.destroyPeriods(due, { by: BY, reason });
  const details = { dataset, periods: due.map(({ group, period }) => ({ group, period })) };
  const decision = { kind: 'keys-destroyed' as const, dataset: PRIVACY_DATASET, by: BY, reason, runId: null };
  await keepDecision(effects, { ...decision, details });
  return due;
}

/**
 * Seals the vault under a new key when that is due, and tells so; returns whether it was. Nothing to do where nothing is
 * protected, or this process has no vault.
 */
export async function renewVault(effects: Effects, contracts: Iterable<Contract>): Promise<boolean> {
  const { vault, clock } = effects;
  if (vault === undefined || protectedContracts(contracts).length === 0) return false;
  await foldErasures(effects);
  await finishEnds(effects);
  if (clock.now().getTime() < (await vault.renewedAt()).getTime() + RENEWAL_MS) return false;
  await vault.renewKey();
  await keepDecision(effects, {
    ...{ kind: 'vault-renewed', dataset: PRIVACY_DATASET, by: BY, runId: null, details: {} },
    reason: 'upkeep: copies of the vault from before are unreadable now',
  });
  return true;
}
