import { atOnce } from './at-once.ts';

/** Work that opens an engine within this process: so much at one time, and so much that waits, for longer than which nobody would. */
const enter = atOnce(4, 64);

/** Does work when a few others have ended. Throws TransientError `QUERIES_BUSY` where too many wait already. */
export async function inTurn<T>(work: () => Promise<T>): Promise<T> {
  const leave = await enter();
  try {
    return await work();
  } finally {
    leave();
  }
}
