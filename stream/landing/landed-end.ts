import type { ObjectStore } from '../../etl/ports.ts';
import { type ClaimedPlace, claimedStarts, findClaim } from './claim.ts';

/** The offset behind the last event of a partition that was landed, or is being landed; undefined where none was. */
export async function landedEnd(objects: ObjectStore, place: ClaimedPlace): Promise<number | undefined> {
  const last = (await claimedStarts(objects, place, -1)).at(-1);
  return last === undefined ? undefined : (await findClaim(objects, place, last))?.end;
}
