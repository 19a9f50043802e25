/** Proxies let go of connections that say nothing. */
const HEARTBEAT_MS = 15_000;
/** Changes that follow one another faster are told together. */
const APART_MS = 200;
/** Then it ends, and who still wants to listen asks again, and shows again who they are. */
const LONGEST_MS = 10 * 60_000;

/** A piece of a stream of events. */
export interface Piece {
  /** Undefined where there is nothing to say. */
  readonly text: string | undefined;
  /** `more`: another piece is there already. `last`: there will be none. */
  readonly next: 'wait' | 'more' | 'last';
}

/** Where the pieces of a stream of events come from. */
export interface PieceSource {
  /** The next piece: something may have changed, or nothing was heard of for a while. */
  piece(why: 'changed' | 'still'): Promise<Piece>;
  /** Calls back when something may have changed, until what is returned is called. */
  listen(listener: () => void): () => void;
  /** Aborted when the service ends. */
  readonly ending: AbortSignal;
  /** What is said last, when it is the service that ends it; nothing unless said. */
  readonly farewell?: string;
  /** Called once, when it has ended, whoever ended it. */
  onEnd(): void;
}

/** Server-sent events, piece by piece: each is made when the listener takes it, so that a slow one holds nothing up. */
export function eventPieces(source: PieceSource): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  const closing = new AbortController();
  const over = AbortSignal.any([source.ending, closing.signal, AbortSignal.timeout(LONGEST_MS)]);
  const waiting = waiter(source.listen, over);
  let hasMore = false;
  const end = (): void => {
    closing.abort();
    waiting.stop();
    source.onEnd();
  };
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          for (;;) {
            const why = hasMore && !over.aborted ? 'changed' : await waiting.next();
            if (why === 'over') {
              if (source.farewell !== undefined) controller.enqueue(encoder.encode(source.farewell));
              break;
            }
            const { text, next } = await source.piece(why);
            hasMore = next === 'more';
            if (text !== undefined) controller.enqueue(encoder.encode(text));
            if (next === 'last') break;
            if (text !== undefined) return;
          }
          end();
          controller.close();
        } catch (error) {
          end();
          controller.error(error);
        }
      },
      cancel: end,
    },
    { highWaterMark: 0 },
  );
}

interface Waiter {
  /** Resolves at once the first time, then when something may have changed, or after a while. */
  next(): Promise<'changed' | 'still' | 'over'>;
  stop(): void;
}

function waiter(listen: PieceSource['listen'], over: AbortSignal): Waiter {
  let [hasChanged, toldMs] = [true, 0];
  let wake: () => void = () => undefined;
  const stop = listen(() => {
    hasChanged = true;
    wake();
  });
  over.addEventListener('abort', () => wake(), { once: true });
  const sleep = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  return {
    async next() {
      const apartMs = toldMs + APART_MS - Date.now();
      if (!over.aborted && apartMs > 0) await pause(apartMs);
      if (!over.aborted && !hasChanged) await sleep(HEARTBEAT_MS);
      if (over.aborted) return 'over';
      const why = hasChanged ? 'changed' : 'still';
      [hasChanged, toldMs] = [false, Date.now()];
      return why;
    },
    stop,
  };
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => void setTimeout(resolve, ms));
