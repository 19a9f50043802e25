import type { Effects } from '../ports.ts';
import { openTable } from '../table/lake-table.ts';
import { currentSnapshot } from '../table/metadata.ts';
import type { Pointer } from '../table/pointer.ts';

/**
 * What readers see while a run is not published, in words. The run that is named is the one that published Silver's
 * snapshot: runs that came after it may have published nothing, or only records that failed.
 */
export async function readersSee(
  { objects }: Pick<Effects, 'objects'>,
  base: Pointer | undefined,
): Promise<string> {
  const state = base?.tables.silver;
  if (base === undefined || state === undefined)
    return 'Readers see no table yet: nothing of this dataset was ever published.';
  const snapshot = currentSnapshot((await openTable(objects, state)).metadata);
  if (snapshot === undefined || Number(snapshot.summary['total-records']) === 0)
    return 'Readers see a table without rows: nothing stands that was published of this dataset.';
  const runId = snapshot.summary['assay.run-id'] ?? base.run_id;
  const at = new Date(snapshot['timestamp-ms']).toISOString();
  return `Readers see snapshot ${base.snapshot_id}, published by run ${runId} at ${at}.`;
}
