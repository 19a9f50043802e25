import { requireProjection } from '../asking/require-projection.ts';
import type { ProjectionContract } from '../contract/contract.ts';
import { type LoadedContracts, loadContracts, requireContract } from '../contract/load-contracts.ts';
import { TransientError } from '../errors.ts';
import type { Effects } from '../ports.ts';
import { projectionCode, requireEvents } from '../projecting/projection-code.ts';
import type { RefreshedProjection } from '../projecting/refreshed-projection.ts';
import { followCatalog } from '../stages/follow-catalog.ts';
import { refreshOne } from '../stages/refresh-projections.ts';
import { newRunId } from '../stages/run-id.ts';
import { readPointer } from '../table/pointer.ts';

/**
 * Brings a projection up to its events when it stays behind them, or behind its code, for so long: a run does that itself
 * in the meantime. What fails is thrown, and tried again once there are other events or other code; what may pass, at the
 * next call.
 */
export function keepUp(
  effects: Effects,
  dataset: string,
  patienceMs: number,
): () => Promise<RefreshedProjection | undefined> {
  let behind: { readonly what: string; readonly sinceMs: number; isTried: boolean } | undefined;
  let isFirst = true;
  return async () => {
    const loaded = await loadContracts(effects.contracts);
    const contract = requireProjection(requireContract(loaded, dataset));
    const what = await missing(effects, loaded, contract);
    const nowMs = effects.clock.now().getTime();
    if (what === undefined) behind = undefined;
    else if (behind?.what !== what) behind = { what, sinceMs: nowMs, isTried: false };
    if (behind === undefined || behind.isTried || (!isFirst && nowMs - behind.sinceMs < patienceMs)) {
      isFirst = false;
      return undefined;
    }
    [isFirst, behind.isTried] = [false, true];
    try {
      const run = { dataset: contract.inputs[0], runId: newRunId(effects.clock.now()) };
      const done = await refreshOne(effects, { contract, run });
      await followCatalog(effects, contract);
      return done;
    } catch (error) {
      if (error instanceof TransientError) behind.isTried = false;
      throw error;
    }
  };
}

/** Which events and which code the projection is not made of yet; undefined where it is. */
async function missing(
  effects: Effects,
  loaded: LoadedContracts,
  contract: ProjectionContract,
): Promise<string | undefined> {
  const {
    dataset,
    inputs: [input],
  } = contract;
  const silver = (await readPointer(effects.objects, 'silver', input))?.pointer.tables.silver?.snapshot_id;
  if (silver === undefined) return undefined;
  const made = (await readPointer(effects.objects, 'projection', dataset))?.pointer;
  const { digest } = await projectionCode(effects.contracts, contract, requireEvents(loaded, contract));
  return made?.inputs?.[input] === silver && made.contract_digest === digest
    ? undefined
    : `${silver} ${digest}`;
}
