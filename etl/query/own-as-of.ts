import type { GoldContract } from '../contract/contract.ts';
import type { Effects } from '../ports.ts';
import type { AsOf } from './as-of.ts';
import { seenSnapshot } from './seen-snapshot.ts';

/**
 * The same moment by a snapshot of the report itself, where it is named by one of what the report was made from: so that
 * no other table has to be looked at.
 */
export async function ownAsOf(effects: Effects, { dataset }: GoldContract, asOf: AsOf): Promise<AsOf> {
  if (asOf.kind !== 'snapshot') return asOf;
  const seen = await seenSnapshot(effects, { layer: 'gold', dataset }, asOf);
  return seen === undefined ? asOf : { kind: 'snapshot', id: seen['snapshot-id'] };
}
