import { metadataFolder } from '../naming/tables.ts';
import type { Effects } from '../ports.ts';
import { keepLog } from '../stages/kept-logs.ts';
import { earlierGenerations, type GenerationTable } from '../table/generations.ts';
import { namedByRefs } from '../table/kept-snapshots.ts';
import { type LakeTable, openTable } from '../table/lake-table.ts';
import { currentSnapshot } from '../table/metadata.ts';
import type { Generation, Pointer } from '../table/pointer.ts';
import { logOf } from '../table/table-log.ts';
import { filesOnlyIn } from '../table/unreachable.ts';
import { noteRemoval } from '../tending/removals.ts';

/** The tables of an earlier generation that go. Its ledger and its condemned records stay, as they do in the current one. */
const GOING = ['silver', 'quarantine', 'gold', 'projection', 'projection_state'] as const;

/** By what an earlier generation is kept. */
export interface GenerationKeeping {
  /** What was current at this moment or since stays. */
  readonly before: Date;
  /** So many of the newest states stay, whatever their age. */
  readonly atLeast: number;
  /** Snapshots that something needs. */
  readonly keep: ReadonlySet<number>;
  /** Versions of the pointer that held runs build on. */
  readonly bases: ReadonlySet<number>;
  /** Names what is done. */
  readonly id: string;
}

/**
 * Expires whole earlier generations whose last state need not be kept: nobody commits to them any more. Returns their
 * numbers, and the pointer's generations without their tables; notes which files may go.
 */
export async function expireGenerations(
  effects: Effects,
  pointer: Pointer,
  keeping: GenerationKeeping,
): Promise<{ readonly expired: readonly number[]; readonly generations: readonly Generation[] }> {
  const expired: number[] = [];
  let newer = await countStates(effects, pointer.tables);
  for (const one of earlierGenerations(pointer).reverse()) {
    const going = await openGoing(effects, one);
    if (going.length > 0 && newer >= keeping.atLeast && !isNeeded(one, going, keeping)) {
      await keepLogs(
        effects,
        { dataset: pointer.dataset, generation: one.generation, id: keeping.id },
        going,
      );
      await noteFiles(effects, pointer.dataset, one.generation, { going, id: keeping.id });
      expired.push(one.generation);
    }
    newer += await countStates(effects, one.tables);
  }
  const generations = (pointer.generations ?? []).map((one) =>
    expired.includes(one.generation) ? withoutTables(one) : one,
  );
  return { expired: expired.sort((a, b) => a - b), generations };
}

/** Which code a projection was published by, and from what, is asked for when its snapshots are gone. */
async function keepLogs(
  effects: Effects,
  { dataset, generation, id }: { readonly dataset: string; readonly generation: number; readonly id: string },
  going: readonly GoingTable[],
): Promise<void> {
  for (const { layer, table } of going) {
    if (layer !== 'projection' && layer !== 'projection_state') continue;
    await keepLog(effects, { dataset, layer, generation }, { id: `${id}-whole`, log: logOf(table.metadata) });
  }
}

async function countStates({ objects }: Effects, tables: Generation['tables']): Promise<number> {
  const state = tables.source_files ?? tables.gold ?? tables.projection;
  return state === undefined ? 0 : (await openTable(objects, state)).metadata.snapshots.length;
}

type GoingTable = Pick<GenerationTable, 'layer'> & { readonly table: LakeTable };

async function openGoing({ objects }: Effects, { tables }: Generation): Promise<GoingTable[]> {
  const found: GoingTable[] = [];
  for (const layer of GOING) {
    const state = tables[layer];
    if (state !== undefined) found.push({ layer, table: await openTable(objects, state) });
  }
  return found;
}

function isNeeded(
  { until, version }: Generation,
  going: readonly GoingTable[],
  { before, keep, bases }: GenerationKeeping,
): boolean {
  if (Date.parse(until) > before.getTime()) return true;
  if ([...bases].some((base) => base <= version)) return true;
  return going.some(({ table: { metadata } }) => {
    const current = currentSnapshot(metadata)?.['snapshot-id'];
    const isTagged =
      namedByRefs(metadata).some((id) => id !== current) || Object.keys(metadata.refs).length > 1;
    return isTagged || metadata.snapshots.some((one) => keep.has(one['snapshot-id']));
  });
}

async function noteFiles(
  effects: Effects,
  dataset: string,
  generation: number,
  { going, id }: { readonly going: readonly GoingTable[]; readonly id: string },
): Promise<void> {
  const tables: Parameters<typeof noteRemoval>[2] = {};
  for (const { layer, table } of going) {
    const snapshots = table.metadata.snapshots.map((one) => one['snapshot-id']);
    const named = await filesOnlyIn(table.metadata, new Set(snapshots), table.reader);
    const folder = await effects.objects.list(`${metadataFolder(table.root)}/`);
    const keys = [...new Set([...named, ...folder.map(({ key }) => key)])];
    tables[layer] = { snapshots, keys };
  }
  await noteRemoval(effects, { dataset, id: `${id}-generation-${generation}`, generation }, tables);
}

function withoutTables(one: Generation): Generation {
  const gone = new Set<string>(GOING);
  const left = Object.entries(one.tables).filter(([layer]) => !gone.has(layer));
  return { ...one, tables: Object.fromEntries(left) };
}
