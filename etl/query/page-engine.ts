import type { EngineOptions } from '../ports.ts';

/** What one request for rows may take of memory: more is spilled to its scratch space. */
const MOST_MB = 512;

/** The engine of one request for rows. */
export const pageEngine = (options: EngineOptions): EngineOptions => ({
  ...options,
  memoryLimitMb: Math.min(options.memoryLimitMb, MOST_MB),
});
