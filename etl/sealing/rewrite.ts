import type { Engine } from '../engine/engine.ts';
import { integerOf, readParquet } from '../engine/engine.ts';
import { identifier } from '../engine/sql.ts';
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
  const kept: DataFile[] = [];
  const replaced: string[] = [];
  const columns = currentSchema(target.table.metadata)
    .fields.map(({ name }) => `old.${identifier(name)}`)
    .join(', ');
  for (const file of files) {
    const source = readParquet([await target.data.localPath(file.key)]);
    if (!(await hasAny(target.engine, `${source} AS old WHERE ${condition}`))) {
      kept.push(file);
      continue;
    }
    const part = `${target.partPrefix}-${String(replaced.length).padStart(4, '0')}`;
    const select = `SELECT ${columns} FROM ${source} AS old WHERE NOT ${condition}`;
    kept.push(...(await writeDataFiles(select, { ...target, part })));
    replaced.push(file.key);
  }
  return { files: kept, replaced };
}

async function hasAny(engine: Engine, from: string): Promise<boolean> {
  const [row = {}] = await engine.rows(`SELECT count(*) AS n FROM ${from}`);
  return integerOf(row, 'n') > 0;
}
