import type { LandingLimits } from '../../stream/landing/lander.ts';

/** What lands together of events that have an end, in a file or a range: as much as memory easily holds. */
export const ENDING_LIMITS: LandingLimits = {
  maxEvents: 50_000,
  maxBytes: 16 * 1024 * 1024,
  maxTotalBytes: 64 * 1024 * 1024,
  maxAgeMs: Number.POSITIVE_INFINITY,
};
