import { type Engine, textOf } from '../engine/engine.ts';
import { literal } from '../engine/sql.ts';
import { tableRowsSql } from '../engine/table-rows.ts';
import { type WriteTarget, writeDataFiles } from '../engine/write-data-files.ts';
import type { DataFile } from '../table/schema.ts';
import type { HeldFiles } from './held-files.ts';
import type { MayHold } from './may-hold.ts';
import type { WrittenSilver } from './written-silver.ts';

/** Files after some of their rows were left out. */
export interface Rewritten {
  /** Every file that stays or was written anew. */
  readonly files: DataFile[];
  /** Keys of the files whose place was taken. */
  readonly replaced: string[];
}

/** Where files are written anew. */
export interface RewriteTarget extends Omit<WriteTarget, 'part'> {
  /** Goes into their names. */
  readonly partPrefix: string;
  readonly held: HeldFiles;
  /** Which files may have such rows: no other is looked at. All unless said. */
  readonly mayHold?: MayHold;
  /** Is told of the run's own files: what lies in the new ones takes the place of what lay in the old. */
  readonly written?: WrittenSilver;
}

/**
 * Leaves out the rows (`old`) for which a condition holds: a file without any such row stays as it is, any
 * other is written anew. Nothing is changed in place.
 */
export async function rewriteWithout(
  condition: string,
  files: readonly DataFile[],
  target: RewriteTarget,
): Promise<Rewritten> {
  const { mayHold = () => true } = target;
  const affected = await filesWith(condition, files.filter(mayHold), target);
  const kept = files.filter(({ key }) => !affected.has(key));
  const gone = files.filter(({ key }) => affected.has(key));
  let n = 0;
  for (const batch of target.held.batches(gone)) {
    const made: DataFile[] = [];
    for (const file of batch) {
      const part = `${target.partPrefix}-${String(n++).padStart(4, '0')}`;
      made.push(...(await rewriteFile(condition, file, { ...target, part })));
    }
    await replaceWritten(batch, made, target);
    kept.push(...made);
  }
  return { files: kept, replaced: gone.map(({ key }) => key) };
}

/** Reads many files at once: each month's has records of nearly all source files, of which there may be thousands. */
async function replaceWritten(
  gone: readonly DataFile[],
  made: readonly DataFile[],
  { held, written }: Pick<RewriteTarget, 'held' | 'written'>,
): Promise<void> {
  if (written === undefined) return;
  await written.removeFiles(await held.paths(gone));
  for (const batch of held.batches(made)) await written.addFiles(await held.paths(batch));
}

async function rewriteFile(
  condition: string,
  file: DataFile,
  { held, ...target }: WriteTarget & Pick<RewriteTarget, 'held'>,
): Promise<DataFile[]> {
  const paths = await held.paths([file]);
  const select = `SELECT * FROM (${tableRowsSql(target.table, paths)}) AS old WHERE NOT ${condition}`;
  return await writeDataFiles(select, target);
}

/** Keys of the files that hold any such row. */
async function filesWith(
  condition: string,
  files: readonly DataFile[],
  { engine, held }: Pick<RewriteTarget, 'engine' | 'held'>,
): Promise<Set<string>> {
  const found = new Set<string>();
  for (const batch of held.batches(files)) {
    const paths = await held.paths(batch);
    const keyOf = new Map(batch.map(({ key }, n) => [paths[n], key]));
    for (const path of await pathsWith(engine, condition, paths)) found.add(keyOf.get(path) ?? '');
  }
  return found;
}

async function pathsWith(engine: Engine, condition: string, paths: readonly string[]): Promise<string[]> {
  const source = `read_parquet([${paths.map(literal).join(', ')}], union_by_name = true, hive_partitioning = false, filename = 'filename$')`;
  const rows = await engine.rows(
    `SELECT DISTINCT old.filename$ AS path FROM ${source} AS old WHERE ${condition}`,
  );
  return rows.map((row) => textOf(row, 'path'));
}
