import { z } from 'zod';

/** A source file, or a retry's, that was sealed under another key. */
const AdoptedFile = z.object({
  from: z.string(),
  /** What the ledger knew it by. */
  fromId: z.string(),
  to: z.string(),
  toId: z.string(),
  sizeBytes: z.number().int(),
  records: z.number().int(),
  /** Set where the same bytes stand under another key, which counts. */
  isRepeat: z.literal(true).exactOptional(),
});
export type AdoptedFile = z.infer<typeof AdoptedFile>;

/** What a dataset that became protected is made of from now on, until everything that holds it in the clear is gone. */
export const Adoption = z.object({
  dataset: z.string(),
  runId: z.string(),
  by: z.string(),
  reason: z.string(),
  at: z.string(),
  /** Whether its tables are made anew by that run. */
  isMigration: z.boolean(),
  files: z.array(AdoptedFile),
  /** What a person said may go unsealed, since it can't be read. */
  discarded: z.array(z.object({ key: z.string(), why: z.string() })),
});
export type Adoption = z.infer<typeof Adoption>;

/** A person's word that a dataset's tables are to be made anew from Bronze under its contract's new major version. */
export const MigrationRequest = z.object({
  dataset: z.string(),
  runId: z.string(),
  by: z.string(),
  reason: z.string(),
  /** Whether records that are in Silver now may be missing then. */
  acceptLosses: z.boolean(),
  /** Set where the files were sealed before: the run goes by its adoption. */
  isAdoption: z.literal(true).exactOptional(),
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
