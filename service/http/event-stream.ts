import { createHash } from 'node:crypto';

/** Proxies let go of connections that say nothing. */
const HEARTBEAT_MS = 15_000;
/** Changes that follow one another faster are told together. */
const APART_MS = 200;
/** Then it ends, and who still wants to listen asks again, and shows again who they are. */
const LONGEST_MS = 10 * 60_000;

/** What is told of, and when to look at it. */
export interface Told {
  /** What is told now; after the last there is nothing more to tell. */
  look(): Promise<{ readonly value: unknown; readonly isLast: boolean }>;
  /** Calls back when it may have changed, until what is returned is called. */
  listen(listener: () => void): () => void;
  /** Aborted when the service ends. */
  readonly ending: AbortSignal;
  /** The id of the event that the listener had last. */
  readonly lastEventId: string | undefined;
  /** Called once, when it has ended, whoever ended it. */
  onEnd(): void;
}

/** The id by which a value is known again. */
export const eventIdOf = (text: string): string =>
  createHash('sha256').update(text).digest('base64url').slice(0, 16);

/**
 * Server-sent events: the value as it is, unless the listener has it, and again whenever it has changed, as `change`; the
 * last of them as `end`. Between them a comment from time to time. What a slow listener misses is never told: it gets the newest.
 */
export function eventStream(told: Told): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  const closing = new AbortController();
  const over = AbortSignal.any([told.ending, closing.signal, AbortSignal.timeout(LONGEST_MS)]);
  const waiting = waiter(told.listen, over);
  let lastId = told.lastEventId;
  const end = (): void => {
    closing.abort();
    waiting.stop();
    told.onEnd();
  };
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          for (;;) {
            const why = await waiting.next();
            if (why === 'over') break;
            const { value, isLast } = await told.look();
            const text = JSON.stringify(value);
            const id = eventIdOf(text);
            if (id === lastId && !isLast && why === 'changed') continue;
            const event = `id: ${id}\nevent: ${isLast ? 'end' : 'change'}\ndata: ${text}\n\n`;
            controller.enqueue(encoder.encode(id === lastId && !isLast ? ': still here\n\n' : event));
            lastId = id;
            if (isLast) break;
            return;
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

function waiter(listen: Told['listen'], over: AbortSignal): Waiter {
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
