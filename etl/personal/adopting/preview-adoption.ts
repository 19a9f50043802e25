import { correctionsPrefix } from '../../naming/decisions.ts';
import { stagingPrefix } from '../../naming/runs.ts';
import type { Effects } from '../../ports.ts';
import { begunAdoption, isPublished } from '../../stages/adopted-files.ts';
import { clearObjects } from '../../stages/clear-objects.ts';
import { loadLedger } from '../../stages/ledger-lookup.ts';
import { newRunId } from '../../stages/run-id.ts';
import { tablesOfAll } from '../../table/generations.ts';
import { openTable } from '../../table/lake-table.ts';
import { readPointer } from '../../table/pointer.ts';
import { clearFiles } from './clear-files.ts';
import { reportsOn } from './reports-on.ts';
import { findAdoptable, requireAdoptable } from './require-adoptable.ts';
import { clearRetries } from './seal-retries.ts';

/** What adopting a dataset would do. */
export interface AdoptionPreview {
  readonly dataset: string;
  /** Whether one was broken off after its tables were published: only removing is left. */
  readonly isRemovingOnly: boolean;
  /** Clear source files, repeats among them. */
  readonly files: number;
  readonly repeats: number;
  /** Of the objects that they are in. */
  readonly bytes: number;
  readonly retries: number;
  readonly corrections: number;
  /** Whether tables are made anew; else files only wait, or were never published. */
  readonly isMigration: boolean;
  /** Snapshots that go, by table: nobody can ask them afterwards. */
  readonly snapshots: Readonly<Record<string, number>>;
  /** Objects of runs that are staged. */
  readonly staged: number;
  /** Since when what readers saw can't be asked any more: until the adoption; null where nothing was published. */
  readonly historyFrom: string | null;
}

/** What adopting a dataset would do, or ConfigError and DataError as adopting itself throws: nothing changes. */
export async function previewAdoption(effects: Effects, dataset: string): Promise<AdoptionPreview> {
  const adoptable = await findAdoptable(effects, dataset);
  const { contract, base, loaded, isMigration } = adoptable;
  const begun = await begunAdoption(effects, dataset);
  const isRemovingOnly = begun !== undefined && isPublished(begun, base?.pointer);
  if (!isRemovingOnly) await requireAdoptable(effects, adoptable, begun?.runId);
  const ledger = await loadLedger(effects, contract, base, newRunId(effects.clock.now()));
  const files = await clearFiles(effects, contract, ledger);
  const bytes = (await clearObjects(effects, dataset)).reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const snapshots: Record<string, number> = {};
  const times: number[] = [];
  const pointers = isMigration && base !== undefined ? [base.pointer] : [];
  for (const report of pointers.length === 0 ? [] : reportsOn(loaded, dataset)) {
    const made = (await readPointer(effects.objects, report.layer, report.dataset))?.pointer;
    if (made !== undefined) pointers.push(made);
  }
  for (const pointer of pointers)
    for (const { layer, state } of tablesOfAll(pointer)) {
      const { metadata } = await openTable(effects.objects, state);
      const name = `${layer}.${pointer.dataset}`;
      snapshots[name] = (snapshots[name] ?? 0) + metadata.snapshots.length;
      times.push(...metadata.snapshots.map((one) => one['timestamp-ms']));
    }
  return {
    ...{ dataset, isRemovingOnly, isMigration, snapshots, bytes },
    files: files.length,
    repeats: files.filter(({ isRepeat }) => isRepeat === true).length,
    retries: (await clearRetries(effects, dataset)).length,
    corrections: (await effects.objects.list(correctionsPrefix(dataset))).length,
    staged: (await effects.objects.list(stagingPrefix(dataset))).length,
    historyFrom: times.length === 0 ? null : new Date(Math.min(...times)).toISOString(),
  };
}
