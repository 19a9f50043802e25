import type { GoldContract } from '../contract/contract.ts';
import { monthLabel } from '../naming/tables.ts';
import type { Effects } from '../ports.ts';
import { openTable } from '../table/lake-table.ts';
import { ADDED } from '../table/manifest.ts';
import { entriesOf, manifestsOf } from '../table/manifest-reader.ts';
import { readPointer } from '../table/pointer.ts';
import type { SeenReport } from './gold-report.ts';

/** A run or decision that published rows of a month. */
export interface Maker {
  readonly id: string;
  readonly at: string;
}

/** More commits than anybody looks through. */
const MOST_SNAPSHOTS = 1000;

/**
 * Who published rows of each month of a report after one state, up to another, oldest first: by the files that the kept
 * snapshots added. Snapshots that only lay the same rows otherwise are left out.
 */
export async function monthMakers(
  effects: Effects,
  { dataset }: GoldContract,
  { from, to }: { readonly from: SeenReport; readonly to: SeenReport | undefined },
): Promise<ReadonlyMap<string, readonly Maker[]>> {
  const state = (await readPointer(effects.objects, 'gold', dataset))?.pointer.tables.gold;
  const makers = new Map<string, Maker[]>();
  if (state === undefined) return makers;
  const { metadata, reader } = await openTable(effects.objects, state);
  const [sinceMs, untilMs] = [
    Date.parse(from.committedAt),
    to === undefined ? Infinity : Date.parse(to.committedAt),
  ];
  const between = metadata.snapshots.filter(
    ({ 'timestamp-ms': ms, summary }) => ms > sinceMs && ms <= untilMs && summary.operation !== 'replace',
  );
  for (const snapshot of between.slice(-MOST_SNAPSHOTS)) {
    const { 'snapshot-id': id, 'timestamp-ms': ms, summary } = snapshot;
    const maker = { id: summary['assay.run-id'] ?? '', at: new Date(ms).toISOString() };
    const own = (await manifestsOf(snapshot, reader)).filter((one) => one.added_snapshot_id === id);
    const entries = (await Promise.all(own.map((one) => entriesOf(one, reader)))).flat();
    const added = entries.filter(({ status, snapshot_id }) => status === ADDED && snapshot_id === id);
    for (const month of new Set(added.map(({ data_file }) => Object.values(data_file.partition)[0] ?? null)))
      if (month !== null) makers.set(monthLabel(month), [...(makers.get(monthLabel(month)) ?? []), maker]);
  }
  return makers;
}
