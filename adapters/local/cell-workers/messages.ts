import type { CellJob, PackedTexts } from '../../../etl/privacy/cells/cell-job.ts';

/** What a thread is sent: one job at a time. */
export interface Request {
  readonly job: CellJob;
}

/** What it answers. */
export type Reply = { readonly done: PackedTexts } | { readonly failed: unknown };
