import { z } from 'zod';

/** What an adoption did: who asked for it, what became of each file, and what is gone. */
export const AdoptionRecord = z.object({
  dataset: z.string(),
  runId: z.string(),
  by: z.string(),
  reason: z.string(),
  at: z.string(),
  /** Of each source file the key under which it is sealed, whose name is a keyed digest of its bytes, and the digest of that. */
  files: z.array(
    z.object({ from: z.string(), to: z.string(), digest: z.string(), records: z.number().int() }),
  ),
  /** Files that went unsealed, and why. */
  discarded: z.array(z.object({ key: z.string(), why: z.string() })),
  /** Objects that were removed, by what they were. */
  removed: z.record(z.string(), z.array(z.string())),
  /** Snapshots that can't be asked any more, by table. */
  snapshots: z.record(z.string(), z.number().int()),
});
export type AdoptionRecord = z.infer<typeof AdoptionRecord>;
