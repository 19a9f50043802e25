import type { EvidenceKeeper } from '../ports.ts';

/** The keeper of a canary: its evidence is told and kept nowhere else, so that what it judged is what stands. */
export const KEEP_NOTHING: EvidenceKeeper = {
  keep: async (evidence) => evidence,
  kept: async (evidence) => evidence,
};
