import type { Contract } from '../contract/contract.ts';
import type { Effects } from '../ports.ts';
import { type ReadLine, readLines } from './read-log.ts';
import { type RefreshCosts, refreshCosts } from './refresh-costs.ts';

/** Days that are looked back on, today included. */
export const DAYS = 30;
const DAY_MS = 86_400_000;

/** Who read a product lately, and what its refreshes took. */
export interface ProductUse {
  /** The first of the days, `YYYY-MM-DD`. */
  readonly since: string;
  /** By day, newest first. */
  readonly reads: readonly ReadLine[];
  readonly costs: RefreshCosts;
}

/** The use of a product in the last 30 days (UTC). */
export async function productUse(
  effects: Pick<Effects, 'objects' | 'clock'>,
  contract: Pick<Contract, 'layer' | 'dataset'>,
): Promise<ProductUse> {
  const to = effects.clock.now();
  const since = new Date(to.getTime() - (DAYS - 1) * DAY_MS).toISOString().slice(0, 10);
  const from = new Date(`${since}T00:00:00Z`);
  return {
    since,
    reads: await readLines(effects.objects, contract.dataset, { from, to }),
    costs: await refreshCosts(effects, contract, from),
  };
}

/** How often each read it, in all ways and on all days together; who read most comes first. */
export function readersOf(
  reads: readonly ReadLine[],
): readonly { readonly by: string; readonly reads: number }[] {
  const counts = new Map<string, number>();
  for (const { by, reads: count } of reads) counts.set(by, (counts.get(by) ?? 0) + count);
  return [...counts]
    .map(([by, count]) => ({ by, reads: count }))
    .sort((a, b) => b.reads - a.reads || (a.by < b.by ? -1 : 1));
}
