import type { ProjectionContract } from '../../etl/contract/contract.ts';
import type { ChangedStreams } from '../../etl/following/changed-streams.ts';
import { followProjection } from '../../etl/following/follow-projection.ts';
import type { Followed } from '../../etl/following/next-changes.ts';
import type { Effects } from '../../etl/ports.ts';
import { atOnce } from '../http/at-once.ts';

/** How often a projection that somebody follows is looked at, for all who do. */
const LOOK_MS = 500;

/** So many changed streams are told one by one. */
const MOST_STREAMS = 10_000;

/** So many differences are kept for all who follow a projection: most of them want the same one. */
const MOST_KEPT = 4;

/** Each has an engine of its own; the others wait. */
const enter = atOnce(2, 1000);

async function inTurn<T>(work: () => Promise<T>): Promise<T> {
  const leave = await enter();
  try {
    return await work();
  } finally {
    leave();
  }
}

/** A projection that is followed. */
export interface FollowedByMany extends Followed {
  /** Calls back when another state was published, until what is returned is called. */
  listen(listener: () => void): () => void;
}

/** The projections that somebody follows: each is looked at once for all of them. */
export interface ProjectionChanges {
  of(contract: ProjectionContract): FollowedByMany;
}

/** Watches projections while somebody follows them. */
export function openProjectionChanges(effects: Effects): ProjectionChanges {
  const watches = new Map<string, Watch>();
  return {
    of(contract) {
      const { dataset } = contract;
      const followed = followProjection(effects, contract, MOST_STREAMS);
      return {
        head: followed.head,
        changes: (from, to) => {
          const kept = watches.get(dataset)?.kept ?? new Map();
          return keptOr(kept, `${from} ${to}`, () => inTurn(() => followed.changes(from, to)));
        },
        listen(listener) {
          const watch = watches.get(dataset) ?? startWatch(followed);
          watches.set(dataset, watch);
          watch.listeners.add(listener);
          return () => {
            watch.listeners.delete(listener);
            if (watch.listeners.size > 0 || watches.get(dataset) !== watch) return;
            watch.stop();
            watches.delete(dataset);
          };
        },
      };
    },
  };
}

interface Watch {
  readonly listeners: Set<() => void>;
  readonly kept: Map<string, Promise<ChangedStreams>>;
  stop(): void;
}

function startWatch(followed: Followed): Watch {
  const listeners = new Set<() => void>();
  let [last, isLooking]: [number | undefined, boolean] = [undefined, false];
  const look = async (): Promise<void> => {
    if (isLooking) return;
    isLooking = true;
    // What can't be read now is read the next time.
    const head = await followed.head().catch(() => last);
    isLooking = false;
    if (head === last) return;
    last = head;
    for (const listener of listeners) listener();
  };
  const looking = setInterval(() => void look(), LOOK_MS);
  looking.unref();
  return { listeners, kept: new Map(), stop: () => clearInterval(looking) };
}

function keptOr(
  kept: Map<string, Promise<ChangedStreams>>,
  key: string,
  make: () => Promise<ChangedStreams>,
): Promise<ChangedStreams> {
  const known = kept.get(key);
  if (known !== undefined) return known;
  const made = make();
  kept.set(key, made);
  made.catch(() => kept.delete(key));
  for (const old of [...kept.keys()].slice(0, -MOST_KEPT)) kept.delete(old);
  return made;
}
