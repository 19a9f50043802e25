import { readParquet, textOf } from '../engine/engine.ts';
import { identifier, literal } from '../engine/sql.ts';
import { type WriteTarget, writeDataFiles } from '../engine/write-data-files.ts';
import { currentSchema } from '../table/metadata.ts';
import type { DataFile } from '../table/schema.ts';

/** Files after some of their rows were left out. */
export interface Rewritten {
  /** Every file that stays or was written anew. */
  readonly files: DataFile[];
  /** Keys of the files whose place was taken. */
  readonly replaced: string[];
}

/**
 * Leaves out the rows (`old`) for which a condition holds: a file without any such row stays as it is, any
 * other is written anew. Nothing is changed in place.
 */
export async function rewriteWithout(
  condition: string,
  files: readonly DataFile[],
  target: Omit<WriteTarget, 'part'> & { readonly partPrefix: string },
): Promise<Rewritten> {
  const affected = await filesWith(condition, files, target);
  const kept = files.filter((file) => !affected.has(file.key));
  const columns = currentSchema(target.table.metadata)
    .fields.map(({ name }) => `old.${identifier(name)}`)
    .join(', ');
  for (const [n, key] of [...affected].entries()) {
    const source = readParquet([await target.data.localPath(key)]);
    const part = `${target.partPrefix}-${String(n).padStart(4, '0')}`;
    const select = `SELECT ${columns} FROM ${source} AS old WHERE NOT ${condition}`;
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
