import { z } from 'zod';
import { loadContracts, requireSourceContract } from '../contract/load-contracts.ts';
import { planKey } from '../naming/runs.ts';
import type { Effects } from '../ports.ts';
import { sourcesOf } from './archive-sources.ts';
import { checkApproval, requireHeld, requireSameContract } from './held-run.ts';
import { identifyFiles } from './identify-files.ts';
import { readKnownPointer } from './known-pointer.ts';
import { loadLedger, lookupIn } from './ledger-lookup.ts';
import { listSources, listWithheld } from './list-sources.ts';
import { identifyAgain, type Planned, planOf } from './make-plan.ts';
import type { Approval } from './outcomes.ts';
import type { RunInput } from './stage.ts';
import { getDocument } from './stored-documents.ts';

/** The parts needed of a held run's plan, which an older release may have written. */
const HeldPlan = z.looseObject({
  files: z.array(z.looseObject({ key: z.string(), arrivedAt: z.string().exactOptional() })),
  isBackfill: z.boolean().exactOptional(),
});

/**
 * Plans a held run again on the current base: with its own files only, less those refused meanwhile. `nothing-to-do`
 * where the run was published meanwhile. Throws ConfigError where it is no longer held, the contract changed, or
 * `approved` names another seal than it is held under.
 */
export async function replanHeld(
  { dataset, runId }: RunInput,
  effects: Effects,
  approved?: Pick<Approval, 'digest'>,
): Promise<Planned> {
  const contract = requireSourceContract(await loadContracts(effects.contracts), dataset);
  const base = await readKnownPointer(effects.objects, 'silver', dataset);
  const ledger = await loadLedger(effects, contract, base, runId);
  if ([...ledger.values()].some((entry) => entry.runId === runId)) return { status: 'nothing-to-do' };
  const withheld = await listWithheld(effects, dataset);
  const held = requireHeld(
    { dataset, runId },
    withheld.find((one) => one.runId === runId),
  );
  if (approved === undefined) requireSameContract(held, contract);
  else checkApproval(held, approved.digest, contract);
  const { rest } = held;
  const before = await getDocument(effects.objects, planKey(dataset, runId), HeldPlan);
  if (before.isBackfill === true) {
    const keys = before.files.map(({ key }) => key).filter((key) => held.keys.includes(key));
    const files = await identifyAgain(effects, contract, { keys, ledger });
    const plan = planOf(runId, { contract, base, files, ledger, isBackfill: true, rest }, effects);
    return { status: 'planned', plan };
  }
  const others = withheld.filter((one) => one !== held);
  const own = sourcesOf(await listSources(effects, dataset), held.keys).filter((one) => one !== undefined);
  const arrivals = new Map(before.files.map(({ key, arrivedAt }) => [key, arrivedAt]));
  const files = await identifyFiles(effects, contract, own, {
    ledger: lookupIn(ledger),
    withheld: others,
    arrivals,
  });
  return { status: 'planned', plan: planOf(runId, { contract, base, files, ledger, rest }, effects) };
}
