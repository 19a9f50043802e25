import type { KeptRecords, RecordCounts } from '../../etl/quarantine/kept-records.ts';
import type { FailedRecord, RecordFilter, RecordPlace } from '../../etl/quarantine/records.ts';

/** A record, and the dataset that it is of. */
export interface DatasetRecord {
  readonly dataset: string;
  readonly record: FailedRecord;
}

/** Which records of several datasets are listed, and from where. */
export interface AcrossReading {
  readonly filter: RecordFilter;
  readonly states: readonly FailedRecord['state'][];
  readonly limit: number;
  /** The last record of the page before. */
  readonly after?: RecordPlace & { readonly dataset: string };
}

/**
 * A page of the records of several datasets, which are counted, in the order of their names, files and numbers, and
 * whether more follow. Datasets behind the page are not looked into.
 */
export async function listAcross(
  { find }: Pick<KeptRecords, 'find'>,
  counted: ReadonlyMap<string, RecordCounts>,
  { after, limit, ...reading }: AcrossReading,
): Promise<{ readonly page: DatasetRecord[]; readonly isMore: boolean }> {
  const page: DatasetRecord[] = [];
  for (const dataset of [...counted.keys()].sort()) {
    if (after !== undefined && dataset < after.dataset) continue;
    if (!mayHave(counted.get(dataset), reading)) continue;
    const behind = after?.dataset === dataset ? { after } : {};
    // One more than there is room for tells whether more follow.
    const most = { limit: limit + 1 - page.length, isCounted: false };
    const { records } = await find(dataset, { ...reading, ...behind, ...most });
    page.push(...records.map((record) => ({ dataset, record })));
    if (page.length > limit) return { page: page.slice(0, limit), isMore: true };
  }
  return { page, isMore: false };
}

/** Whether a dataset may have records that are meant, by what was counted of it. */
export function mayHave(
  counts: RecordCounts | undefined,
  { states, filter: { code, column } }: Pick<AcrossReading, 'filter' | 'states'>,
): boolean {
  return (counts?.kinds ?? []).some(
    (kind) =>
      states.includes(kind.state) &&
      (code === undefined || kind.code === code) &&
      (column === undefined || kind.column === column),
  );
}
