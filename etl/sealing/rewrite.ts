import { textOf } from '../engine/engine.ts';
import { literal } from '../engine/sql.ts';
import { tableRowsSql } from '../engine/table-rows.ts';
import { type WriteTarget, writeDataFiles } from '../engine/write-data-files.ts';
import type { DataFile } from '../table/schema.ts';

/** Files after some of their rows were left out. */
export interface Rewritten {
  /** Every file that stays or was written anew. */
  readonly files: DataFile[];
  /** Keys of the files whose place was taken. */
  readonly replaced: string[];
}

/** Where files are written anew; `partPrefix` goes into their names. */
export type RewriteTarget = Omit<WriteTarget, 'part'> & { readonly partPrefix: string };

/**
 * Leaves out the rows (`old`) for which a condition holds: a file without any such row stays as it is, any
 * other is written anew. Nothing is changed in place.
 */
export async function rewriteWithout(
  condition: string,
  files: readonly DataFile[],
  target: RewriteTarget,
): Promise<Rewritten> {
  const affected = await filesWith(condition, files, target);
  const kept = files.filter((file) => !affected.has(file.key));
  for (const [n, key] of [...affected].entries()) {
    const rows = tableRowsSql(target.table, [await target.data.localPath(key)]);
    const part = `${target.partPrefix}-${String(n).padStart(4, '0')}`;
    const select = `SELECT * FROM (${rows}) AS old WHERE NOT ${condition}`;
    kept.push(...(await writeDataFiles(select, { ...target, part })));
  }
  return { files: kept, replaced: [...affected] };
}

/** Keys of the files that hold any such row. */
async function filesWith(
  condition: string,
  files: readonly DataFile[],
  { engine, data }: Pick<WriteTarget, 'engine' | 'data'>,
): Promise<Set<string>> {
  if (files.length === 0) return new Set();
  const keyOf = new Map(
    await Promise.all(files.map(async ({ key }) => [await data.localPath(key), key] as const)),
  );
  const source = `read_parquet([${[...keyOf.keys()].map(literal).join(', ')}], union_by_name = true, hive_partitioning = false, filename = 'filename$')`;
  const rows = await engine.rows(
    `SELECT DISTINCT old.filename$ AS path FROM ${source} AS old WHERE ${condition}`,
  );
  return new Set(rows.map((row) => keyOf.get(textOf(row, 'path')) ?? ''));
}
