import type { DatasetRun } from '../ports.ts';
import type { RunRecord } from '../stages/outcomes.ts';

/**
 * Where a run looks for files: in all of Bronze, since a person may use any day, or only in its last days, if all files
 * came by an ingest; that costs the same however old the lake is.
 */
export type Look = 'everywhere' | 'last-days';

/** How a dataset is run. */
export interface RunOptions {
  /** `everywhere` unless said. A platform decides itself where its runs look. */
  readonly look?: Look;
  /** Id of the first of the runs, where one was given out. */
  readonly runId?: string;
}

/** A person's word that a held run may be published as it was sealed. */
export interface ApprovedRun {
  readonly runId: string;
  readonly approved: { readonly digest: string; readonly by: string; readonly reason: string };
}

/** How the runs of a lake come about: on this machine, or on its platform. */
export interface Runs {
  /** Runs a dataset until nothing is pending. */
  dataset(dataset: string, options?: RunOptions): Promise<RunRecord[]>;
  /** Runs the one run that was asked for under an id, a backfill, and returns how it ended. */
  backfill(run: DatasetRun): Promise<RunRecord>;
  /** Goes on with a held run that a person approved, and returns how it ended. */
  approved(dataset: string, approval: ApprovedRun): Promise<RunRecord>;
  /** Seals what is left of a held run after files of it were refused, and returns its status. */
  resealed(run: DatasetRun): Promise<RunRecord>;
}
