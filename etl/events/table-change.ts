import { z } from 'zod';
import { changedMonths } from '../gold/months.ts';
import type { PointerLayer } from '../naming/datasets.ts';
import { monthLabel } from '../naming/tables.ts';
import { toldKey } from '../naming/told.ts';
import type { ObjectStore } from '../ports.ts';
import { parseDocument } from '../stages/stored-documents.ts';
import { filesOf, type LakeTable, openTable } from '../table/lake-table.ts';
import type { Pointer } from '../table/pointer.ts';

/** The last state of a dataset or Gold table that programs know of. */
export const Told = z.object({
  dataset: z.string(),
  version: z.number().int(),
  snapshot: z.number().int(),
  /** Ids of the restatements that they know to wait. */
  waiting: z.array(z.string()).optional(),
});
export type Told = z.infer<typeof Told>;

/** What changed in a table since programs were notified. */
export interface TableChange {
  readonly table: LakeTable;
  readonly to: Pick<Told, 'version' | 'snapshot'>;
  /** The state they last knew; null where there was none. */
  readonly before: Pick<Told, 'version' | 'snapshot'> | null;
  /** Ids of the waiting restatements that they know. */
  readonly knownWaiting: readonly string[];
  /** `2024-03`: the months in which rows came, went or changed; in order. */
  readonly months: readonly string[];
}

/**
 * What changed in a pointer's main table since programs were notified; if they never were, in the last commit.
 * Undefined where the pointer hasn't moved since.
 */
export async function changeOf(
  objects: ObjectStore,
  layer: PointerLayer,
  pointer: Pointer,
): Promise<TableChange | undefined> {
  const { dataset, version, snapshot_id: snapshot } = pointer;
  const state = pointer.tables[layer];
  const told = await readTold(objects, dataset);
  if (state === undefined || told?.version === version) return undefined;
  const table = await openTable(objects, state);
  const before = told === undefined ? parentOf(table, pointer) : standing(told);
  const months = await monthsSince(objects, table, { snapshot, before: before?.snapshot, pointer });
  return { table, to: { version, snapshot }, before, knownWaiting: told?.waiting ?? [], months };
}

async function readTold(objects: ObjectStore, dataset: string): Promise<Told | undefined> {
  const key = toldKey(dataset);
  const stored = await objects.get(key);
  return stored === undefined ? undefined : parseDocument(stored.body, key, Told);
}

const standing = ({ version, snapshot }: Told): Pick<Told, 'version' | 'snapshot'> => ({ version, snapshot });

/** The snapshot before the current one, for a table without any notice yet. */
function parentOf({ metadata }: LakeTable, { version, snapshot_id }: Pointer): TableChange['before'] {
  const current = metadata.snapshots.find((one) => one['snapshot-id'] === snapshot_id);
  const parent = current?.['parent-snapshot-id'];
  return parent === undefined ? null : { version: version - 1, snapshot: parent };
}

interface Span {
  readonly snapshot: number;
  readonly before: number | undefined;
  readonly pointer: Pointer;
}

/** Where the earlier snapshot is one of another generation, or was expired, every month of both may have changed. */
async function monthsSince(
  objects: ObjectStore,
  table: LakeTable,
  { snapshot, before, pointer }: Span,
): Promise<string[]> {
  const months = await changedMonths({ table, snapshotId: snapshot, lastSnapshotId: before });
  const isHere =
    before === undefined || table.metadata.snapshots.some((one) => one['snapshot-id'] === before);
  if (!isHere) for (const month of await monthsOfEarlier(objects, before, pointer)) months.add(month);
  return [...months].sort((a, b) => a - b).map(monthLabel);
}

async function monthsOfEarlier(objects: ObjectStore, snapshot: number, pointer: Pointer): Promise<number[]> {
  const earlier = pointer.generations?.findLast((one) => one.snapshot_id === snapshot);
  const state = earlier?.tables.silver ?? earlier?.tables.gold;
  if (state === undefined) return [];
  const files = await filesOf(await openTable(objects, state), snapshot);
  return files.flatMap(({ month }) => (month === undefined ? [] : [month]));
}
