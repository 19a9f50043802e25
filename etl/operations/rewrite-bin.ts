import { join } from 'node:path';
import { type Engine, withEngine } from '../engine/engine.ts';
import { requireSameRows } from '../engine/row-identity.ts';
import { tableRowsSql } from '../engine/table-rows.ts';
import { writeDataFiles } from '../engine/write-data-files.ts';
import type { DataStore, Effects, Scratch } from '../ports.ts';
import type { LakeTable } from '../table/lake-table.ts';
import { currentSchema, currentSpec } from '../table/metadata.ts';
import type { DataFile } from '../table/schema.ts';

/** What files of a table are written anew with. */
export interface Bench {
  readonly data: DataStore;
  readonly engine: Engine;
  readonly scratch: Scratch;
}

/** Gives work an engine and scratch space, until it is done. */
export async function withBench<T>(
  effects: Pick<Effects, 'data' | 'engine' | 'openScratch'>,
  purpose: string,
  work: (bench: Bench) => Promise<T>,
): Promise<T> {
  const scratch = await effects.openScratch(purpose);
  try {
    return await withEngine(effects.engine, join(scratch.directory, 'spill'), (engine) =>
      work({ data: effects.data, engine, scratch }),
    );
  } finally {
    await scratch.dispose();
  }
}

/** Where files that are written anew go. */
export interface RewrittenPlace {
  readonly table: LakeTable;
  /** Folder of the files, e.g. `…/schema_v=v1/run_id=…`. */
  readonly root: string;
  /** Unique within the folder; goes into the file names. */
  readonly part: string;
  /** Columns whose bounds may be written. */
  readonly bounded: ReadonlySet<string>;
}

/**
 * Writes the rows of some files of one month, or of a table without months, anew and together, and proves that they are
 * the same: what was written is read back, and has every value of every row. No reader sees it before a commit names it.
 * Throws DataError `ROWS_CHANGED` where the proof fails.
 */
export async function rewriteBin(
  files: readonly DataFile[],
  { table, root, part, bounded }: RewrittenPlace,
  bench: Bench,
): Promise<DataFile[]> {
  const paths: string[] = [];
  const rowsOf = async (some: readonly DataFile[]): Promise<string> => {
    const own = await Promise.all(some.map(({ key }) => bench.data.localPath(key)));
    paths.push(...own);
    return tableRowsSql(table, own);
  };
  const wanted = await rowsOf(files);
  const partitionColumn = partitionColumnOf(table);
  const target = { ...bench, table, root, part, bounded };
  const written = await writeDataFiles(
    wanted,
    partitionColumn === undefined ? target : { ...target, partitionColumn },
  );
  await requireSameRows(bench.engine, { wanted, written: await rowsOf(written) }, table.root);
  // A large table is written anew bin by bin, and the disk need but hold one.
  for (const path of paths) await bench.data.releasePath?.(path);
  return written;
}

/** The column whose months partition the table. */
function partitionColumnOf({ metadata }: LakeTable): string | undefined {
  const [partition] = currentSpec(metadata).fields;
  return currentSchema(metadata).fields.find(({ id }) => id === partition?.['source-id'])?.name;
}
