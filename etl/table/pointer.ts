import { z } from 'zod';
import { ConflictError, DataError } from '../errors.ts';
import type { PointerLayer } from '../naming/datasets.ts';
import { pointerKey } from '../naming/tables.ts';
import type { ObjectStore } from '../ports.ts';
import { Closing } from './closings.ts';
import { removeDropped } from './metadata-retention.ts';

/** Where one table stands: its metadata file and current snapshot; 0 where it has none yet. */
const TableState = z.object({
  metadata_key: z.string(),
  metadata_location: z.string(),
  snapshot_id: z.number().int(),
});
export type TableState = z.infer<typeof TableState>;

/** What a generation of a dataset's tables, or of a Gold table, was when another one took its place. */
const Generation = z.object({
  /** Counts generations, from 1. */
  generation: z.number().int().positive(),
  /** When readers saw it; absent where that is no longer known. */
  from: z.string().exactOptional(),
  until: z.string(),
  /** The pointer as it last named it. */
  version: z.number().int().positive(),
  snapshot_id: z.number().int(),
  metadata_location: z.string(),
  run_id: z.string(),
  seal_digest: z.string(),
  contract_version: z.string(),
  contract_digest: z.string(),
  tables: z.record(z.string(), TableState),
  inputs: z.record(z.string(), z.number().int()).exactOptional(),
  /** The run that made it from Bronze; absent for the first. */
  generation_run: z.string().exactOptional(),
});
export type Generation = z.infer<typeof Generation>;

/** Where a table stands after a commit, and which of its earlier metadata files nobody needs once it is made. */
export interface NextTableState extends TableState {
  readonly dropped?: readonly string[];
}

/**
 * `_LATEST.json`: the one object whose conditional write is the commit. For a dataset it names Silver,
 * quarantine, condemned and the ledger together, so that all four move at once or not at all; for a Gold
 * table it names the table and the Silver snapshots that it was made from.
 */
export const Pointer = z.object({
  format: z.literal(1),
  dataset: z.string(),
  /** Counts commits, from 1. */
  version: z.number().int().positive(),
  /** The main table's current snapshot, and its metadata: what readers outside of Assay need. */
  snapshot_id: z.number().int(),
  metadata_location: z.string(),
  run_id: z.string(),
  /** The workflow execution that committed; the run's own name where it ran embedded. */
  execution: z.string(),
  seal_digest: z.string(),
  contract_version: z.string(),
  contract_digest: z.string(),
  committed_at: z.string(),
  tables: z.record(z.string(), TableState),
  /** Gold and projections only: for each input dataset, the Silver snapshot that the rows come from. */
  inputs: z.record(z.string(), z.number().int()).exactOptional(),
  /** Which generation of the tables it names; absent: the first. */
  generation: z.number().int().positive().exactOptional(),
  /** When readers first saw that one; absent before there was a second one. */
  generation_from: z.string().exactOptional(),
  /** The run that made the generation from Bronze; absent for the first. */
  generation_run: z.string().exactOptional(),
  /** Earlier generations, in order of time; one that was restored is listed more than once. */
  generations: z.array(Generation).exactOptional(),
  /** Gold only: of each month that was ever closed the last word, in the order of months. */
  closings: z.array(Closing).exactOptional(),
});
export type Pointer = z.infer<typeof Pointer>;

/** A pointer and the tag that the next commit must name. */
export interface ReadPointer {
  readonly pointer: Pointer;
  readonly etag: string;
}

/** The pointer as it stands now; undefined before the first commit. */
export async function readPointer(
  objects: ObjectStore,
  layer: PointerLayer,
  dataset: string,
): Promise<ReadPointer | undefined> {
  const key = pointerKey(layer, dataset);
  const stored = await objects.get(key);
  if (stored === undefined) return undefined;
  try {
    return {
      pointer: Pointer.parse(JSON.parse(Buffer.from(stored.body).toString('utf8'))),
      etag: stored.etag,
    };
  } catch (error) {
    throw new DataError(
      'POINTER_DAMAGED',
      `${key} can't be read as a pointer; nothing is published until 'assay repair ${dataset}' restored it.`,
      {
        cause: error,
        context: { key },
      },
    );
  }
}

/** A pointer to write; of its tables it stores only where they stand. */
export type NextPointer = Omit<Pointer, 'tables'> & {
  readonly tables: Readonly<Record<string, NextTableState>>;
};

/**
 * Moves the pointer, if it is still the one that was read. Then removes the metadata files that its tables no longer
 * need. Throws ConflictError where somebody else moved it first.
 */
export async function movePointer(
  objects: ObjectStore,
  layer: PointerLayer,
  next: NextPointer,
  etag: string | undefined,
): Promise<void> {
  const key = pointerKey(layer, next.dataset);
  const body = Buffer.from(`${JSON.stringify(Pointer.parse(next), null, 2)}\n`);
  try {
    await objects.put(key, body, etag === undefined ? { ifNoneMatch: '*' } : { ifMatch: etag });
  } catch (error) {
    if (!(error instanceof ConflictError)) throw error;
    throw new ConflictError(
      'LOST_RACE',
      `Another run committed ${next.dataset} first; planning again from its state.`,
      {
        cause: error,
        context: { key },
      },
    );
  }
  await removeDropped(
    objects,
    Object.values(next.tables).flatMap(({ dropped = [] }) => dropped),
  );
}
