import type { Contract } from '../../etl/contract/contract.ts';
import { oneAtATime } from '../../etl/one-at-a-time.ts';
import { checkHealth, type Health } from '../../etl/operations/check-health.ts';
import type { Effects } from '../../etl/ports.ts';
import { type RecordedReads, recordReads } from '../../etl/recorded-reads.ts';

/** What was found, and when. */
export interface LookedAt {
  readonly health: Health;
  readonly lookedAt: Date;
}

/** Looks at the health of a dataset. */
export type LookAtHealth = (contract: Contract) => Promise<LookedAt>;

/** What is older is looked at again: some ailments come by time alone. */
const OLD_MS = 60_000;
/** What is older than this isn't shown any more. */
const TOO_OLD_MS = 600_000;

interface Kept extends LookedAt {
  readonly digest: string;
  readonly reads: RecordedReads;
}

/**
 * Looks at datasets as `checkHealth` does, and keeps what was found for as long as everything that it read of the lake
 * is as it was. What only time brings is found a minute later: it is looked for while the last answer is given.
 */
export function openKeptHealth(effects: Effects): LookAtHealth {
  const kept = new Map<string, Kept>();
  const underWay = new Map<string, Promise<Kept>>();
  // Each opens an engine of its own.
  const inTurn = oneAtATime();
  const look = (contract: Contract): Promise<Kept> => {
    const { dataset, digest } = contract;
    const found = inTurn(async () => {
      const lookedAt = effects.clock.now();
      const reads = recordReads(effects.objects);
      const health = await checkHealth({ ...effects, objects: reads.objects }, contract);
      const now = { health, lookedAt, digest, reads };
      kept.set(dataset, now);
      return now;
    }).finally(() => underWay.delete(dataset));
    underWay.set(dataset, found);
    return found;
  };
  return async (contract) => {
    const running = await underWay.get(contract.dataset);
    // It may have begun before what was just committed.
    if (running?.digest === contract.digest && (await running.reads.isSame())) return running;
    const known = kept.get(contract.dataset);
    if (known === undefined || known.digest !== contract.digest) return await look(contract);
    const ageMs = effects.clock.now().getTime() - known.lookedAt.getTime();
    if (ageMs > TOO_OLD_MS || !(await known.reads.isSame())) return await look(contract);
    // Its error is that of whoever asks next.
    if (ageMs > OLD_MS && !underWay.has(contract.dataset))
      look(contract).catch(() => kept.delete(contract.dataset));
    return known;
  };
}
