import type { Layer } from '../naming/datasets.ts';
import { tableRoot } from '../naming/tables.ts';
import { rootOf } from './lake-table.ts';
import type { Generation, Pointer, TableState } from './pointer.ts';

/** A table of some generation. */
export interface GenerationTable {
  readonly generation: number;
  readonly layer: string;
  readonly state: TableState;
}

/** Number of the generation that a pointer names. */
export const generationOf = ({ generation = 1 }: Pick<Pointer, 'generation'>): number => generation;

/** The members by which a pointer says which generations there are, for a pointer that follows it. */
export function generationsPart(
  pointer: Pointer | undefined,
): Pick<Pointer, 'generation' | 'generation_from' | 'generation_run' | 'generations'> {
  const { generation, generation_from, generation_run, generations } = pointer ?? {};
  return {
    ...(generation === undefined ? {} : { generation }),
    ...(generation_from === undefined ? {} : { generation_from }),
    ...(generation_run === undefined ? {} : { generation_run }),
    ...(generations === undefined ? {} : { generations }),
  };
}

/** The generations before the one that a pointer names, each once, as it was last: the first comes first. */
export function earlierGenerations(pointer: Pointer): Generation[] {
  const now = generationOf(pointer);
  const last = new Map((pointer.generations ?? []).map((one) => [one.generation, one]));
  return [...last.values()]
    .filter(({ generation }) => generation !== now)
    .sort((a, b) => a.generation - b.generation);
}

/** Every table that a pointer names, of all generations; those of the current one come first. */
export function tablesOfAll(pointer: Pointer): GenerationTable[] {
  const now = { generation: generationOf(pointer), tables: pointer.tables };
  return [now, ...earlierGenerations(pointer)].flatMap(({ generation, tables }) =>
    Object.entries(tables).map(([layer, state]) => ({ generation, layer, state })),
  );
}

/** Keys of the folders of all its tables, and of those that were expired with their generation. */
export function rootsOfAll(pointer: Pointer): string[] {
  const known = [generationOf(pointer), ...earlierGenerations(pointer).map(({ generation }) => generation)];
  const made = known.flatMap((generation) =>
    Object.keys(pointer.tables).map((layer) => tableRoot(layer as Layer, pointer.dataset, generation)),
  );
  return [...new Set([...tablesOfAll(pointer).map(({ state }) => rootOf(state)), ...made])];
}

/** A number that no generation has had. */
export function nextGeneration(pointer: Pointer): number {
  const known = (pointer.generations ?? []).map(({ generation }) => generation);
  return 1 + Math.max(generationOf(pointer), ...known);
}

/**
 * The members that a pointer gets for its generations when a new generation takes the current one's place at a time.
 */
export function followedBy(
  pointer: Pointer,
  { generation, runId, at }: { readonly generation: number; readonly runId?: string; readonly at: string },
): ReturnType<typeof generationsPart> {
  const { version, snapshot_id, metadata_location, run_id, seal_digest, contract_version, contract_digest } =
    pointer;
  const closed: Generation = {
    generation: generationOf(pointer),
    ...(pointer.generation_from === undefined ? {} : { from: pointer.generation_from }),
    until: at,
    ...{ version, snapshot_id, metadata_location, run_id, seal_digest, contract_version, contract_digest },
    tables: pointer.tables,
    ...(pointer.inputs === undefined ? {} : { inputs: pointer.inputs }),
    ...(pointer.generation_run === undefined ? {} : { generation_run: pointer.generation_run }),
  };
  const before = [...(pointer.generations ?? []), closed];
  return {
    generation,
    generation_from: at,
    ...(runId === undefined ? {} : { generation_run: runId }),
    generations: before,
  };
}

/** The generation that readers saw at a time, as far as known; undefined: the pointer's own. */
export function generationAt(pointer: Pointer, timeMs: number): Generation | undefined {
  const period = (pointer.generations ?? []).find(({ until }) => timeMs < Date.parse(until));
  if (period === undefined || period.generation === generationOf(pointer)) return undefined;
  return earlierGenerations(pointer).find(({ generation }) => generation === period.generation);
}
