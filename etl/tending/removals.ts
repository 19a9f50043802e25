import { z } from 'zod';
import type { PointerLayer } from '../naming/datasets.ts';
import { removalsKey, removalsPrefix } from '../naming/upkeep.ts';
import type { Effects } from '../ports.ts';
import { getDocument, putDocument } from '../stages/stored-documents.ts';
import { tablesOfAll } from '../table/generations.ts';
import { openTable } from '../table/lake-table.ts';
import { type Pointer, readPointer } from '../table/pointer.ts';

const TableRemoval = z.object({ snapshots: z.array(z.number().int()), keys: z.array(z.string()) });

/** Files that only expired snapshots name, by table, and since when. */
const Removal = z.object({
  dataset: z.string(),
  at: z.string(),
  /** Set where all of a generation's tables go: which one. */
  generation: z.number().int().exactOptional(),
  tables: z.record(z.string(), TableRemoval),
});
type Removal = z.infer<typeof Removal>;

/**
 * Notes which files only the snapshots name that are about to be expired. To be called before the commit: a process that
 * dies between the two leaves a note that is dropped, since the snapshots are there still.
 */
export async function noteRemoval(
  { objects, clock }: Pick<Effects, 'objects' | 'clock'>,
  {
    dataset,
    id,
    generation,
  }: { readonly dataset: string; readonly id: string; readonly generation?: number },
  tables: Removal['tables'],
): Promise<void> {
  const at = clock.now().toISOString();
  const removal: Removal = { dataset, at, ...(generation === undefined ? {} : { generation }), tables };
  await putDocument(objects, removalsKey(dataset, id), removal);
}

/** How much may be removed, and how long ago its snapshots must have been expired. */
export interface RemovalBounds {
  readonly graceMs: number;
  /** Files at most. */
  readonly most: number;
}

/**
 * Removes the files of expired snapshots once readers had time to end; returns how many. Keeps a table's files while it
 * has one of the snapshots: the commit was never made, or the pointer set back. A retry continues where a dead process
 * stopped.
 */
export async function finishRemovals(
  effects: Pick<Effects, 'objects' | 'clock'>,
  { dataset, layer }: { readonly dataset: string; readonly layer: PointerLayer },
  { graceMs, most }: RemovalBounds,
): Promise<number> {
  const { objects, clock } = effects;
  const dueMs = clock.now().getTime() - graceMs;
  let removed = 0;
  for (const { key } of await objects.list(removalsPrefix(dataset))) {
    if (removed >= most) break;
    const removal = await getDocument(objects, key, Removal);
    if (Date.parse(removal.at) > dueMs) continue;
    const pointer = (await readPointer(objects, layer, dataset))?.pointer;
    if (pointer === undefined) break;
    const keys = await keysToRemove(effects, pointer, removal);
    const now = keys.slice(0, most - removed);
    for (const one of now) await objects.remove(one);
    removed += now.length;
    // A retry goes through leftovers again; removing a missing file is harmless.
    if (now.length === keys.length) await objects.remove(key);
    else await putDocument(objects, key, withoutKeys(removal, new Set(now)));
  }
  return removed;
}

async function keysToRemove(
  { objects }: Pick<Effects, 'objects'>,
  pointer: Pointer,
  { generation, tables }: Removal,
): Promise<string[]> {
  const keys: string[] = [];
  for (const [layer, removal] of Object.entries(tables)) {
    if (generation !== undefined) {
      const isThere = tablesOfAll(pointer).some(
        (one) => one.generation === generation && one.layer === layer,
      );
      if (!isThere) keys.push(...removal.keys);
      continue;
    }
    for (const { state } of tablesOfAll(pointer).filter((one) => one.layer === layer)) {
      const { root, metadata } = await openTable(objects, state);
      const there = new Set(metadata.snapshots.map((one) => one['snapshot-id']));
      if (removal.snapshots.some((id) => there.has(id))) continue;
      keys.push(...removal.keys.filter((one) => one.startsWith(`${root}/`)));
    }
  }
  return keys;
}

function withoutKeys(removal: Removal, gone: ReadonlySet<string>): Removal {
  const tables = Object.entries(removal.tables).map(([layer, { snapshots, keys }]) => [
    layer,
    { snapshots, keys: keys.filter((key) => !gone.has(key)) },
  ]);
  return { ...removal, tables: Object.fromEntries(tables) };
}
