import type { GoldContract } from '../contract/contract.ts';
import { filesOf, type LakeTable } from '../table/lake-table.ts';
import { changedFiles } from '../table/live-files.ts';
import { rowSpans } from '../table/row-spans.ts';

/** Consecutive months since 1970-01, both included. */
export interface MonthRange {
  readonly from: number;
  readonly to: number;
}

/** An input of a Gold table: the Silver table now, and the snapshot that Gold was last made from. */
export interface GoldInput {
  readonly table: LakeTable;
  readonly snapshotId: number;
  readonly lastSnapshotId: number | undefined;
}

/** The months that hold any data in Silver, and those of them (or others) whose rows may have changed since Gold was last made. */
export async function inputMonths(
  inputs: readonly GoldInput[],
): Promise<{ all: Set<number>; changed: Set<number> }> {
  const all = new Set<number>();
  const changed = new Set<number>();
  for (const { table, snapshotId, lastSnapshotId } of inputs) {
    for (const { month } of await filesOf(table, snapshotId)) if (month !== undefined) all.add(month);
    for (const month of await changedMonths({ table, snapshotId, lastSnapshotId })) changed.add(month);
  }
  return { all, changed };
}

/** The months in which rows came, went or changed between two snapshots of a table; all where there is no earlier one. */
export async function changedMonths({ table, snapshotId, lastSnapshotId }: GoldInput): Promise<Set<number>> {
  const changed = new Set<number>();
  for (const span of rowSpans(table.metadata, { fromId: lastSnapshotId, toId: snapshotId })) {
    const difference = await changedFiles(table.metadata, span, table.reader);
    for (const { month } of [...difference.added, ...difference.removed])
      if (month !== undefined) changed.add(month);
  }
  return changed;
}

/** The ranges of Gold months to make anew when these months of the inputs changed. */
export function affectedRanges(
  affects: GoldContract['affects'],
  months: { readonly all: ReadonlySet<number>; readonly changed: ReadonlySet<number> },
  goldMonths: ReadonlySet<number>,
): MonthRange[] {
  if (months.changed.size === 0) return [];
  if (affects === 'same-month') return consecutive([...months.changed]);
  // Months between the last that was made and a later one are made, too: a balance stands in each of them.
  const next = goldMonths.size === 0 ? [] : [Math.max(...goldMonths) + 1];
  const from = Math.min(...months.changed, ...next);
  return [{ from, to: Math.max(...months.all, ...goldMonths, ...months.changed) }];
}

/**
 * What of the ranges lies between the first and the last month of any input. A Gold table made from nothing has no other
 * months; one that had them, since Silver did, loses them.
 */
export function withinInputs(ranges: readonly MonthRange[], months: readonly number[]): MonthRange[] {
  const [first, last] = [Math.min(...months), Math.max(...months)];
  return ranges
    .map(({ from, to }) => ({ from: Math.max(from, first), to: Math.min(to, last) }))
    .filter(({ from, to }) => from <= to);
}

/** `1–3` → 1, 2, 3. */
export function singleMonths({ from, to }: MonthRange): MonthRange[] {
  return Array.from({ length: to - from + 1 }, (_, n) => ({ from: from + n, to: from + n }));
}

/** `{3, 1, 2, 7}` → 1–3 and 7. */
function consecutive(months: readonly number[]): MonthRange[] {
  const ranges: { from: number; to: number }[] = [];
  for (const month of [...months].sort((a, b) => a - b)) {
    const last = ranges.at(-1);
    if (last !== undefined && last.to + 1 === month) last.to = month;
    else ranges.push({ from: month, to: month });
  }
  return ranges;
}
