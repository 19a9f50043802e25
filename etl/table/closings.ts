import { z } from 'zod';

/** Rows that Silver now makes of a closed month, other than those it was closed with. */
const Waiting = z.object({
  /** The restatement's: a digest of the report, the month, the closed rows and these. */
  id: z.string(),
  digest: z.string(),
  rows: z.number().int(),
  /** When they became so, and by which run or decision. */
  since: z.string(),
  run_id: z.string(),
  /** The snapshots of the inputs that they are made from. */
  inputs: z.record(z.string(), z.number().int()),
});
export type Waiting = z.infer<typeof Waiting>;

/** What people closed a month with, why and when. */
export const ClosedMonth = z.object({
  id: z.string(),
  /** `YYYY-MM`. */
  month: z.string(),
  at: z.string(),
  by: z.string(),
  reason: z.string(),
  /** Digest of its rows, and how many there are. */
  digest: z.string(),
  rows: z.number().int(),
  /** Names the table's snapshot that has them. */
  tag: z.string(),
  /** The snapshots of the inputs that they were made from. */
  inputs: z.record(z.string(), z.number().int()),
});

/** The latest decision on a month of a Gold table: closed, closed anew with other rows, or reopened. */
export const Closing = ClosedMonth.extend({
  /** The table's snapshot that has the rows. */
  snapshot_id: z.number().int(),
  contract_version: z.string(),
  /** The closing before it, and the accepted restatement that led to this one. */
  replaces: z.object({ closing: z.string(), restatement: z.string() }).exactOptional(),
  waiting: Waiting.exactOptional(),
  /** Set where the month follows its inputs again. */
  reopened: z.object({ at: z.string(), by: z.string(), reason: z.string() }).exactOptional(),
});
export type Closing = z.infer<typeof Closing>;

/** Those of a pointer's closings that hold. */
export const closedMonths = ({ closings = [] }: { readonly closings?: readonly Closing[] }): Closing[] =>
  closings.filter(({ reopened }) => reopened === undefined);

/** Closings with a new one for its month, earliest month first. */
export function withClosing(closings: readonly Closing[] | undefined, closing: Closing): Closing[] {
  const others = (closings ?? []).filter(({ month }) => month !== closing.month);
  return [...others, closing].sort((a, b) => (a.month < b.month ? -1 : 1));
}
