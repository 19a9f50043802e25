import { z } from 'zod';

/** A person's word that a dataset's tables are to be made anew from Bronze under its contract's new major version. */
export const MigrationRequest = z.object({
  dataset: z.string(),
  runId: z.string(),
  by: z.string(),
  reason: z.string(),
  /** Whether records that are in Silver now may be missing then. */
  acceptLosses: z.boolean(),
});
export type MigrationRequest = z.infer<typeof MigrationRequest>;

const Side = z.object({ before: z.string(), after: z.string() });

/** What became of one Gold table, computed from the staged generation. */
const GoldChange = z.object({
  report: z.string(),
  /** Published values that differ. */
  restated: z.number().int(),
  /** Values of closed months that wait for a decision; absent where there are none. */
  waiting: z.number().int().exactOptional(),
  figures: z.array(
    z.object({
      month: z.string(),
      key: z.record(z.string(), z.unknown()),
      column: z.string(),
      old: z.string().nullable(),
      new: z.string().nullable(),
      waits: z.literal(true).exactOptional(),
    }),
  ),
  problem: z.string().nullable(),
});

/** What a migration changes: rows of Silver, verdicts of records, sums of measures, Gold. */
export const MigrationOutcome = z.object({
  dataset: z.string(),
  runId: z.string(),
  from: z.string(),
  to: z.string(),
  files: z.number().int(),
  rows: z.object({ before: z.number().int(), after: z.number().int() }),
  /** Records that are in Silver now and would not be then, by what keeps them out. */
  lost: z.number().int(),
  lostBy: z.record(z.string(), z.number().int()),
  gained: z.number().int(),
  /** By verdict. */
  verdicts: z.record(z.string(), z.object({ before: z.number().int(), after: z.number().int() })),
  /** Of each measure that both generations have. */
  sums: z.array(Side.extend({ measure: z.string() })),
  gold: z.array(GoldChange),
});
export type MigrationOutcome = z.infer<typeof MigrationOutcome>;
