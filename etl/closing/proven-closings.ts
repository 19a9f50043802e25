import type { Effects } from '../ports.ts';
import type { Closing } from '../table/closings.ts';
import { type ClosingRecord, closingRecords } from './closing-record.ts';

/** What the records say of each month of a Gold table that was ever closed, for a pointer that was lost. What waited is found again by the next refresh. */
export async function provenClosings(
  { objects }: Pick<Effects, 'objects'>,
  report: string,
): Promise<Closing[]> {
  const records = await closingRecords(objects, report);
  const last = new Map<string, ClosingRecord>();
  for (const record of records.filter(({ ended }) => ended?.how !== 'replaced'))
    if ((last.get(record.month)?.at ?? '') < record.at) last.set(record.month, record);
  return [...last.values()].sort((a, b) => (a.month < b.month ? -1 : 1)).map(closingOf);
}

function closingOf(record: ClosingRecord): Closing {
  const { id, month, at, by, reason, digest, rows, tag, inputs, replaces, restatement, ended } = record;
  return {
    ...{ id, month, at, by, reason, digest, rows, tag, inputs },
    snapshot_id: record.snapshotId,
    contract_version: record.contractVersion,
    ...(replaces === null || restatement === null ? {} : { replaces: { closing: replaces, restatement } }),
    ...(ended === null ? {} : { reopened: { at: ended.at, by: ended.by, reason: ended.reason } }),
  };
}
