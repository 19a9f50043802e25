import type { ProjectionContract } from '../contract/contract.ts';
import type { ChangedStreams, StreamChange } from './changed-streams.ts';
import type { Place } from './place.ts';

/** What a follower is told; each with the place that it has come to by it. */
export type Told = { readonly place: Place } & (
  | {
      /** It begins here: what was before is read from the table. */
      readonly kind: 'ready';
      readonly snapshot: number;
    }
  | {
      readonly kind: 'change';
      readonly snapshot: number;
      readonly publishedAt: string;
      readonly change: StreamChange;
      /** Whose columns its rows have. */
      readonly contract: ProjectionContract;
    }
  | {
      /** What changed can't be told stream by stream: all is to be read anew, as of this snapshot. */
      readonly kind: 'reset';
      readonly snapshot: number;
      readonly why: 'expired' | 'too-many';
    }
  | {
      /** Nothing changed on the way here. */
      readonly kind: 'nothing';
    }
);

/** A projection as followers look at it. */
export interface Followed {
  /** The snapshot that readers see; 0 where nothing was published. */
  head(): Promise<number>;
  changes(from: number, to: number): Promise<ChangedStreams>;
}

/** What a follower at a place is to be told next; nothing where it has all, and one who has no place yet begins at what readers see. */
export async function nextChanges(followed: Followed, place: Place | undefined): Promise<readonly Told[]> {
  const head = await followed.head();
  if (place === undefined) return [{ kind: 'ready', snapshot: head, place: { snapshot: head } }];
  const { snapshot: from, within } = place;
  if (within !== undefined) {
    const begun = await followed.changes(from, within.to);
    // By another contract other streams may have changed: then all are told once more.
    if (begun.kind === 'changes' && begun.isSettled) {
      const rest = toldOf(begun, { from, to: within.to, after: within.told });
      return [...rest, ...(await nextChanges(followed, { snapshot: within.to }))];
    }
  }
  if (from === head) return [];
  const changed = await followed.changes(from, head);
  if (changed.kind === 'changes') return toldOf(changed, { from, to: head, after: 0 });
  return [{ kind: 'reset', snapshot: head, why: changed.why, place: { snapshot: head } }];
}

function toldOf(
  { streams, publishedAt, contract }: ChangedStreams & { readonly kind: 'changes' },
  { from, to, after }: { readonly from: number; readonly to: number; readonly after: number },
): readonly Told[] {
  const left = streams.slice(after);
  if (left.length === 0) return [{ kind: 'nothing', place: { snapshot: to } }];
  return left.map((change, n) => {
    const told = after + n + 1;
    const place = told === streams.length ? { snapshot: to } : { snapshot: from, within: { to, told } };
    return { kind: 'change', snapshot: to, publishedAt, change, contract, place };
  });
}
