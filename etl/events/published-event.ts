import { z } from 'zod';

/** A table before an event and after it: version of the pointer that names it, and its Iceberg snapshot. */
const Standing = z.object({ version: z.number().int(), snapshot: z.number().int() });

const Month = z.string().regex(/^\d{4,}-\d{2}$/);

/** A Gold table that followed. */
const GoldPart = Standing.extend({
  table: z.string(),
  before: Standing.nullable(),
  /** Months whose rows were made anew. */
  months: z.array(Month),
  /** By month: how many published figures changed, and whether the month was over then. */
  restated: z.array(z.object({ month: Month, figures: z.number().int(), wasOver: z.boolean() })),
  /** Months that are closed and stay as they were closed, with the restatement that waits for a decision. */
  waiting: z.array(z.object({ month: Month, restatement: z.string() })),
});

/** A projection that followed; it has no months. */
const ProjectionPart = Standing.extend({
  table: z.string(),
  before: Standing.nullable(),
  /** How many values that were published before changed. */
  restated: z.number().int(),
});

/**
 * What programs are told once something was published: which data changed, and no value of it. The same on EventBridge
 * (`detail`) and by webhook (the body). `format` is raised when a member changes its meaning or goes; members may be added.
 */
export const PublishedEvent = z.object({
  format: z.literal(1),
  /** The same for every retry. */
  id: z.string(),
  type: z.literal('assay.published'),
  /** When it was published. */
  at: z.string(),
  dataset: z.string(),
  /** The run whose state readers see now. */
  run: z.string(),
  /** What published it: that run, or the decision of that id in ops.decisions (a rollback, say). */
  operation: z.string(),
  contractVersion: z.string(),
  ...Standing.shape,
  /** The state of the previous event; null where there was none. */
  before: Standing.nullable(),
  /** Months of Silver in which rows came, went or changed. */
  months: z.array(Month),
  gold: z.array(GoldPart),
  /** Absent in events that were kept by an earlier version. */
  projections: z.array(ProjectionPart).default([]),
});
export type PublishedEvent = z.infer<typeof PublishedEvent>;
export type GoldPart = z.infer<typeof GoldPart>;
export type ProjectionPart = z.infer<typeof ProjectionPart>;
