import type { RunRecord } from '../etl/stages/outcomes.ts';
import type { ErrorJson } from './print/error.ts';

/** A run that could not start, because its dataset's contract or the lake didn't let it. */
export interface RunNotStarted {
  readonly dataset: string;
  readonly error: ErrorJson;
}

/** A run as --json prints it. */
export function runJson(run: RunRecord) {
  const { runId, dataset, status, counts, reasons, controlTotals, snapshotId, sealDigest, durationMs } = run;
  const { files, contractVersion, why, startedAt, endedAt } = run;
  const asked = {
    runId,
    dataset,
    status,
    counts,
    reasons,
    controlTotals,
    ...(run.unread === undefined ? {} : { unread: run.unread }),
    ...(run.events === undefined ? {} : { events: run.events }),
    ...(run.sets === undefined ? {} : { sets: run.sets }),
    snapshotId,
    sealDigest,
    durationMs,
  };
  return { ...asked, files, contractVersion, why, startedAt, endedAt };
}

/** A run that could not start as --json prints it: the shape of a run, and the error. */
export function notStartedJson({ dataset, error }: RunNotStarted) {
  return {
    runId: null,
    dataset,
    status: 'failed' as const,
    counts: { records: 0, silver: 0, quarantined: 0, condemned: 0, blank: 0 },
    reasons: {},
    controlTotals: [],
    snapshotId: null,
    sealDigest: null,
    durationMs: 0,
    files: [],
    contractVersion: null,
    why: [error.message],
    startedAt: null,
    endedAt: null,
    error,
  };
}
