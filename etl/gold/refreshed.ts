import { z } from 'zod';

/** What a refresh did to a Gold table. */
export const RefreshedTable = z.object({
  /** As analysts write it, e.g. `gold.spend_monthly_totals`. */
  table: z.string(),
  months: z.number().int(),
  rows: z.number().int(),
  /** Published values that changed. */
  restated: z.number().int(),
  /** Months (`YYYY-MM`) in which that is so and that were over when the value was published. */
  restatedMonths: z.array(z.string()),
  /** Closed months that would have changed: since this refresh, that waits for a decision under an id. */
  waiting: z.array(z.object({ month: z.string(), id: z.string() })),
  /** Who computed it, where it was not DuckDB. */
  by: z.enum(['trino', 'athena']).exactOptional(),
});
export type RefreshedTable = z.infer<typeof RefreshedTable>;
