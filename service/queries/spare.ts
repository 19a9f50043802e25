import type { EngineApart, OpenEngineApart } from '../../etl/engine/engine-apart.ts';

/** Engines that are there at once: starting one takes longer than most answers. */
export interface SpareEngine {
  /** An engine of one's own, used by nobody before. */
  take(): Promise<EngineApart>;
  /** Ends the one that waits. */
  close(): Promise<void>;
}

/** Keeps one engine ready, from the first that is taken on. */
export function spare(open: OpenEngineApart): SpareEngine {
  let waiting: Promise<EngineApart> | undefined;
  let isClosed = false;
  const prepare = (): Promise<EngineApart> => {
    const opened = open();
    // The caller of take gets the error.
    opened.catch(() => undefined);
    return opened;
  };
  return {
    take: () => {
      const taken = waiting ?? prepare();
      waiting = undefined;
      // Not before the taken one is open: starting both would delay it.
      const next = (): void => {
        if (!isClosed) waiting ??= prepare();
      };
      taken.then(next, next);
      return taken;
    },
    close: async () => {
      isClosed = true;
      const apart = await waiting?.catch(() => undefined);
      await apart?.dispose();
    },
  };
}
