import type { Effects } from '../ports.ts';
import { closeKept } from './kept-database.ts';

/**
 * Runs work whose engines are one database, used by one stage after another and emptied in between: to open and close a
 * database takes as long as a small stage's work (16 ms). Its scratch spaces lie in one of the whole work's, which is all
 * that the database reaches. Two stages at once have a database each, as have those with limits of their own.
 */
export async function keepingEngine<T>(
  effects: Effects,
  purpose: string,
  work: (effects: Effects) => Promise<T>,
): Promise<T> {
  const scratch = await effects.openScratch(purpose);
  const keep = { directory: scratch.directory };
  const kept = {
    ...effects,
    openScratch: (within: string) => effects.openScratch(within, scratch),
    engine: { ...effects.engine, keep },
  };
  try {
    return await work(kept);
  } finally {
    await closeKept(keep);
    await scratch.dispose();
  }
}
