import { monthLabel } from '../naming/tables.ts';
import { addedTimes } from '../table/added-times.ts';
import type { LakeTable } from '../table/lake-table.ts';
import type { DataFile } from '../table/schema.ts';

/**
 * The months (UTC) of some files of a Gold table that weren't over when their rows were published. Their figures were
 * not final, so changing them restates nothing. A month whose publication time is forgotten counts as over.
 */
export async function openMonths(table: LakeTable, files: readonly DataFile[]): Promise<number[]> {
  if (files.length === 0) return [];
  const added = await addedTimes(table.metadata, table.reader);
  const published = new Map<number, number>();
  for (const { key, month } of files) {
    if (month === undefined) continue;
    const atMs = added.get(key) ?? Number.POSITIVE_INFINITY;
    published.set(month, Math.max(published.get(month) ?? 0, atMs));
  }
  return [...published].flatMap(([month, atMs]) => (atMs < startOf(month + 1) ? [month] : []));
}

const startOf = (month: number): number => Date.parse(`${monthLabel(month)}-01T00:00:00Z`);
