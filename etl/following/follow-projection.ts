import type { ProjectionContract } from '../contract/contract.ts';
import type { Effects } from '../ports.ts';
import { publishedContract } from '../stages/kept-contracts.ts';
import { readPointer } from '../table/pointer.ts';
import { changedStreams } from './changed-streams.ts';
import type { Followed } from './next-changes.ts';

/** A projection as followers look at it, in its lake; of more than `most` changed streams it tells that they are too many. */
export function followProjection(effects: Effects, contract: ProjectionContract, most: number): Followed {
  const pointer = async () => (await readPointer(effects.objects, 'projection', contract.dataset))?.pointer;
  return {
    head: async () => (await pointer())?.snapshot_id ?? 0,
    async changes(from, to) {
      const now = await pointer();
      const state = now?.tables.projection;
      if (now === undefined || state === undefined) return { kind: 'unknown', why: 'expired' };
      const published = await publishedContract(effects.objects, contract);
      return await changedStreams(effects, {
        contract: published,
        digest: now.contract_digest,
        state,
        from,
        to,
        most,
      });
    },
  };
}
