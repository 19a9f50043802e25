import { z } from 'zod';

/** What a refresh did to a projection. */
export const RefreshedProjection = z.object({
  /** As analysts write it, e.g. `projection.shop_carts`. */
  table: z.string(),
  /** Streams whose rows were made, and how many of them were folded from their start. */
  streams: z.number().int(),
  anew: z.number().int(),
  events: z.number().int(),
  /** Published values that changed. */
  restated: z.number().int(),
});
export type RefreshedProjection = z.infer<typeof RefreshedProjection>;

/** A projection that stays at its last good state. */
export const FailedProjection = z.object({
  table: z.string(),
  code: z.string(),
  message: z.string(),
});
export type FailedProjection = z.infer<typeof FailedProjection>;
