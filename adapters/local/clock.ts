import type { Clock } from '../../etl/ports.ts';

/** The machine's own clock. */
export const systemClock: Clock = { now: () => new Date() };
