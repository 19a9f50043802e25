import type { Layer } from '../naming/datasets.ts';
import type { Effects } from '../ports.ts';
import type { LakeTable } from '../table/lake-table.ts';
import type { Snapshot } from '../table/metadata.ts';
import { type AsOf, momentOf, seenOf } from './as-of.ts';
import type { LakeView } from './lake-view.ts';
import { listViews } from './lake-views.ts';
import { seenGeneration } from './seen-generation.ts';

/** One table of a dataset. */
export interface DatasetTable {
  readonly layer: Layer;
  readonly dataset: string;
}

/** The snapshot of a table that is seen at a moment; undefined where there was none, or it was expired. */
export async function seenSnapshot(
  effects: Effects,
  { layer, dataset }: DatasetTable,
  asOf: AsOf,
): Promise<Snapshot | undefined> {
  const isIt = (view: DatasetTable): boolean => view.layer === layer && view.dataset === dataset;
  const own = await listViews(effects, isIt);
  // A snapshot's id may be of another table: of the Silver that Gold was made from, say.
  const isOther = asOf.kind === 'snapshot' && !tablesIn(own).some((table) => hasSnapshot(table, asOf.id));
  const views = isOther ? await listViews(effects) : own;
  const moment = momentOf(tablesIn(views), asOf);
  const view = views.find(isIt);
  const table = view === undefined ? undefined : seenGeneration(view, moment).table;
  if (table === undefined) return undefined;
  const seen = seenOf(table, moment);
  const { snapshots, 'current-snapshot-id': current } = table.metadata;
  const id = seen.kind === 'snapshot' ? seen.id : seen.kind === 'now' ? current : undefined;
  return snapshots.find((one) => one['snapshot-id'] === id);
}

const tablesIn = (views: readonly LakeView[]): (LakeTable | undefined)[] =>
  views.flatMap((view) => [view.table, ...view.earlier.map((one) => one.table)]);

const hasSnapshot = (table: LakeTable | undefined, id: number): boolean =>
  table?.metadata.snapshots.some((one) => one['snapshot-id'] === id) === true;
