import { ConfigError } from '../../etl/errors.ts';
import type { RunningLake } from '../../etl/operations/approve-run.ts';
import { type Adopted, type AdoptRequest, adopt } from '../../etl/personal/adopting/adopt.ts';
import type { BronzeKeeper } from '../../etl/personal/adopting/bronze-keeper.ts';

/** How an adoption stands that was asked for here. */
export type AdoptionState =
  | { readonly kind: 'under-way'; readonly since: string; readonly by: string }
  | { readonly kind: 'ended'; readonly adopted: Adopted }
  | { readonly kind: 'failed'; readonly error: unknown };

/** Where datasets are adopted, in the background. */
export interface AdoptionDesk {
  /** Begins an adoption, or finds the one under way; returns how it stands a moment later. */
  adopt(request: AdoptRequest): Promise<AdoptionState>;
  /** How the last adoption of a dataset that was asked for here stands; undefined where none was. */
  of(dataset: string): AdoptionState | undefined;
  /** Resolves when those under way have ended. */
  close(): Promise<void>;
}

/** Where the service adopts. Throws ConfigError where the command does that alone. */
export function adoptionsOf({ adoptions }: { readonly adoptions?: AdoptionDesk }): AdoptionDesk {
  if (adoptions !== undefined) return adoptions;
  const message = 'Datasets are adopted by the command here: assay privacy adopt --target aws.';
  throw new ConfigError('REQUEST', message);
}

/** How long a page waits for an adoption before it says that it is under way. */
const PATIENCE_MS = 1000;

/** Adopts datasets of a lake, each on its own: what was broken off goes on when it is asked for again. */
export function openAdoptionDesk(lake: RunningLake, keeper: BronzeKeeper): AdoptionDesk {
  const states = new Map<string, AdoptionState>();
  const working = new Map<string, Promise<void>>();
  const work = async (request: AdoptRequest): Promise<void> => {
    const { dataset } = request;
    try {
      const adopted = await adopt(lake.effects, request, { keeper, runs: lake.runs });
      states.set(dataset, { kind: 'ended', adopted });
    } catch (error) {
      states.set(dataset, { kind: 'failed', error });
    } finally {
      working.delete(dataset);
    }
  };
  return {
    async adopt(request) {
      const { dataset, by } = request;
      const since = lake.effects.clock.now().toISOString();
      if (!working.has(dataset)) {
        states.set(dataset, { kind: 'under-way', since, by });
        working.set(dataset, work(request));
      }
      await Promise.race([working.get(dataset), after(PATIENCE_MS)]);
      return states.get(dataset) ?? { kind: 'under-way', since, by };
    },
    of: (dataset) => states.get(dataset),
    async close() {
      await Promise.allSettled(working.values());
    },
  };
}

const after = (ms: number): Promise<void> => new Promise((resolve) => void setTimeout(resolve, ms).unref());
