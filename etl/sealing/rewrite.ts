import { integerOf, textOf } from '../engine/engine.ts';
import { literal } from '../engine/sql.ts';
import { tableRowsSql } from '../engine/table-rows.ts';
import { type WriteTarget, writeDataFiles } from '../engine/write-data-files.ts';
import { DataError } from '../errors.ts';
import type { DataFile } from '../table/schema.ts';
import type { HeldFiles } from './held-files.ts';
import type { MayHold } from './may-hold.ts';

/** A file that rows may have to leave, and its number, which goes into the names of those that take its place. */
export interface NumberedFile {
  readonly n: number;
  readonly file: Pick<DataFile, 'key' | 'sizeBytes' | 'recordCount'>;
}

/** A file whose place others took. */
export interface RewrittenFile extends NumberedFile {
  /** How many rows left it. */
  readonly left: number;
  /** None where all did. */
  readonly made: readonly DataFile[];
}

/** Is told what the lake has no longer, and what instead (local paths). */
export interface NotesFiles {
  removeFiles(paths: readonly string[]): Promise<void>;
  addFiles(paths: readonly string[]): Promise<void>;
}

/** Where files are written anew. */
export interface RewriteTarget extends Omit<WriteTarget, 'part'> {
  /** Goes into their names. */
  readonly partPrefix: string;
  readonly held: HeldFiles;
  /** Is told of the files whose place others took, and of those. */
  readonly written?: NotesFiles;
}

/** The files that may have rows that leave, numbered: whoever writes them anew gives the same names. */
export function numbered(files: readonly DataFile[], mayHold: MayHold): NumberedFile[] {
  return files.filter(mayHold).map((file, n) => ({ n, file }));
}

/**
 * Leaves out the rows (`old`) for which a condition holds: a file without any such row stays as it is and isn't returned,
 * any other is written anew. Nothing is changed in place. Throws DataError `ROWS_LOST` where a new file doesn't have just
 * the rows that stay.
 */
export async function rewriteWithout(
  condition: string,
  files: readonly NumberedFile[],
  target: RewriteTarget,
): Promise<RewrittenFile[]> {
  const rewritten: RewrittenFile[] = [];
  const numbers = new Map(files.map(({ n, file }) => [file, n]));
  for (const batch of target.held.batches(files.map(({ file }) => file))) {
    const made: RewrittenFile[] = [];
    for (const [file, left] of await rowsLeaving(condition, batch, target))
      made.push(await rewriteFile(condition, { n: numbers.get(file) ?? 0, file, left }, target));
    await noteRewritten(made, target);
    rewritten.push(...made);
  }
  return rewritten;
}

/** Files after some of them were written anew: those that stay, and then what took the others' place. */
export function filesAfter(files: readonly DataFile[], rewritten: readonly RewrittenFile[]): DataFile[] {
  const gone = new Set(rewritten.map(({ file }) => file.key));
  return [...files.filter(({ key }) => !gone.has(key)), ...rewritten.flatMap(({ made }) => made)];
}

/** Reads many files at once: each month's has records of nearly all source files, of which there may be thousands. */
async function noteRewritten(
  rewritten: readonly RewrittenFile[],
  { held, written }: Pick<RewriteTarget, 'held' | 'written'>,
): Promise<void> {
  if (written === undefined) return;
  await written.removeFiles(await held.paths(rewritten.map(({ file }) => file)));
  for (const batch of held.batches(rewritten.flatMap(({ made }) => made)))
    await written.addFiles(await held.paths(batch));
}

/** A file, and how many rows leave it. */
type AffectedFile = Omit<RewrittenFile, 'made'>;

async function rewriteFile(
  condition: string,
  affected: AffectedFile,
  { held, partPrefix, ...target }: RewriteTarget,
): Promise<RewrittenFile> {
  const { n, file, left } = affected;
  const paths = await held.paths([file]);
  const select = `SELECT * FROM (${tableRowsSql(target.table, paths)}) AS old WHERE NOT ${condition}`;
  const made = await writeDataFiles(select, {
    ...target,
    part: `${partPrefix}-${String(n).padStart(4, '0')}`,
  });
  const stayed = made.reduce((sum, { recordCount }) => sum + recordCount, 0);
  if (stayed === file.recordCount - left) return { ...affected, made };
  throw new DataError(
    'ROWS_LOST',
    `${file.key} has ${file.recordCount} rows, of which ${left} leave, but ${stayed} were written anew; nothing was committed. 'assay audit' says whether the file is as its table names it.`,
    { context: { key: file.key, left, stayed } },
  );
}

/** The files that hold any such row, each with how many; together they fit on the disk. */
async function rowsLeaving(
  condition: string,
  files: readonly NumberedFile['file'][],
  { engine, held }: Pick<RewriteTarget, 'engine' | 'held'>,
): Promise<[NumberedFile['file'], number][]> {
  const paths = await held.paths(files);
  const source = `read_parquet([${paths.map(literal).join(', ')}], union_by_name = true, hive_partitioning = false, filename = 'filename$')`;
  const rows = await engine.rows(
    `SELECT old.filename$ AS path, count(*) AS n FROM ${source} AS old WHERE ${condition} GROUP BY ALL`,
  );
  const left = new Map(rows.map((row) => [textOf(row, 'path'), integerOf(row, 'n')]));
  return files.flatMap((file, place) => {
    const leaving = left.get(paths[place] ?? '') ?? 0;
    return leaving === 0 ? [] : [[file, leaving]];
  });
}
