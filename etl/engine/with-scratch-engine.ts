import path from 'node:path';
import type { Effects } from '../ports.ts';
import { type Engine, withEngine } from './engine.ts';

/** Runs work with a DuckDB of its own in scratch space, which is gone afterwards. */
export async function withScratchEngine<T>(
  effects: Effects,
  purpose: string,
  work: (engine: Engine) => Promise<T>,
): Promise<T> {
  const scratch = await effects.openScratch(purpose);
  try {
    return await withEngine(effects.engine, path.join(scratch.directory, 'spill'), work);
  } finally {
    await scratch.dispose();
  }
}
