import type { ClosedMonth } from '../etl/operations/close-month.ts';

/** A closing as --json prints it. */
export function closingJson(closed: ClosedMonth) {
  const { report, month, id, at, by, reason, rows, digest, tag, inputs, replaces, reopened } = closed;
  return {
    ...{ report, month, closing: id, at, by, reason, rows, digest },
    snapshotId: closed.snapshot_id,
    tag,
    madeFrom: Object.entries(inputs).map(([dataset, snapshotId]) => ({ dataset, snapshotId })),
    replaces: replaces?.closing ?? null,
    restatement: replaces?.restatement ?? null,
    reopened: reopened ?? null,
  };
}
