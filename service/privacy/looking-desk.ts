import { ConfigError, ConflictError } from '../../etl/errors.ts';
import type { Clock } from '../../etl/ports.ts';
import { type LookedAt, type LookedThrough, lookThrough } from '../../etl/privacy/looking/look-through.ts';

/** How the last look for values stands. The values themselves are forgotten when it ends. */
export type LookingState = { readonly since: string; readonly by: string } & (
  | { readonly kind: 'under-way'; readonly files: number; readonly bytes: number }
  | { readonly kind: 'ended'; readonly at: string; readonly looked: LookedThrough }
  | { readonly kind: 'failed'; readonly error: unknown }
);

/** What is looked for, and for whom. */
export interface LookingRequest {
  readonly values: readonly string[];
  readonly by: string;
}

/** Where somebody has values looked for through every byte of the lake, in the background, one look at a time. */
export interface LookingDesk {
  /** Begins to look; returns how it stands a moment later. Throws ConflictError while another look is under way. */
  look(request: LookingRequest): Promise<LookingState>;
  /** How the last one stands; undefined where none was asked for. */
  last(): LookingState | undefined;
  /** Ends what is under way, and resolves then. */
  close(): Promise<void>;
}

/** How long an answer waits for a look before it says that it is under way. */
const PATIENCE_MS = 1000;

/** Looks through what `places` gives. */
export function openLookingDesk(places: () => AsyncIterable<LookedAt>, clock: Clock): LookingDesk {
  let last: LookingState | undefined;
  let working: Promise<void> | undefined;
  let isClosed = false;
  const untilClosed = async function* (): AsyncGenerator<LookedAt> {
    for await (const place of places()) {
      if (isClosed) throw new ConfigError('STOPPED', 'The service ended before it had looked everywhere.');
      yield place;
    }
  };
  const work = async ({ values, by }: LookingRequest, since: string): Promise<void> => {
    let [files, bytes] = [0, 0];
    try {
      const looked = await lookThrough(untilClosed(), values, ({ sizeBytes }) => {
        files += 1;
        bytes += sizeBytes;
        last = { kind: 'under-way', since, by, files, bytes };
      });
      last = { kind: 'ended', since, by, at: clock.now().toISOString(), looked };
    } catch (error) {
      last = { kind: 'failed', since, by, error };
    } finally {
      working = undefined;
    }
  };
  return {
    async look(request) {
      if (working !== undefined)
        throw new ConflictError('LOOKING', 'Somebody has values looked for already: wait until that ends.');
      const since = clock.now().toISOString();
      const begun: LookingState = { kind: 'under-way', since, by: request.by, files: 0, bytes: 0 };
      last = begun;
      working = work(request, since);
      await Promise.race([working, after(PATIENCE_MS)]);
      return last ?? begun;
    },
    last: () => last,
    async close() {
      isClosed = true;
      await working;
    },
  };
}

const after = (ms: number): Promise<void> => new Promise((resolve) => void setTimeout(resolve, ms).unref());

/** Where the service looks for values. Throws ConfigError where the command does that alone. */
export function lookingOf({ looking }: { readonly looking?: LookingDesk }): LookingDesk {
  if (looking !== undefined) return looking;
  const message = 'Values are looked for by the command here: assay privacy verify --target aws.';
  throw new ConfigError('REQUEST', message);
}
