import { TransientError } from '../../etl/errors.ts';

/** How long a resource waits for its reader. */
const IDLE_MS = 60_000;

/**
 * Bytes that hold a resource while they are read. Closes it at their end, when the reader goes away, or when the reader
 * asks for nothing for a minute, or never does.
 */
export function heldBytes(
  bytes: AsyncIterable<Uint8Array>,
  close: () => Promise<void>,
): AsyncIterable<Uint8Array> {
  let isClosed = false;
  let timer: NodeJS.Timeout | undefined;
  const end = async (): Promise<void> => {
    clearTimeout(timer);
    if (!isClosed) await close();
    isClosed = true;
  };
  const wait = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => void end().catch(() => undefined), IDLE_MS);
    timer.unref();
  };
  wait();
  // No generator: ending one that never began would close nothing.
  const pieces = bytes[Symbol.asyncIterator]();
  const iterator: AsyncIterator<Uint8Array> = {
    next: async () => {
      clearTimeout(timer);
      if (isClosed) throw new TransientError('TOO_SLOW', 'Nobody read on for a minute: ask again.');
      try {
        const piece = await pieces.next();
        if (piece.done === true) await end();
        else wait();
        return piece;
      } catch (error) {
        await end();
        throw error;
      }
    },
    return: async () => {
      await pieces.return?.();
      await end();
      return { done: true, value: undefined };
    },
  };
  return { [Symbol.asyncIterator]: () => iterator };
}
