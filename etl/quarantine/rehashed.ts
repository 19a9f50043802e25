import { type Engine, readParquet } from '../engine/engine.ts';
import { migrationHashesKey } from '../naming/generations.ts';
import type { Effects } from '../ports.ts';
import type { Pointer } from '../table/pointer.ts';

/**
 * Makes the table `rehashed` (old_hash, new_hash): the hash now of each record that failed before the pointer's
 * generation, or an earlier one, was made. Hashes are over the contract's columns, so they change with it, while
 * decisions name a record by its hash of then. Empty in a first generation.
 */
export async function loadRehashed(
  engine: Engine,
  { data }: Pick<Effects, 'data'>,
  pointer: Pick<Pointer, 'dataset' | 'generation_run'> | undefined,
): Promise<void> {
  const run = pointer?.generation_run;
  const path =
    pointer === undefined || run === undefined
      ? undefined
      : await data.localPath(migrationHashesKey(pointer.dataset, run));
  const rows = path === undefined ? '' : ` UNION ALL SELECT old_hash, new_hash FROM ${readParquet([path])}`;
  await engine.run(
    `CREATE OR REPLACE TEMP TABLE rehashed AS SELECT CAST(NULL AS VARCHAR) AS old_hash, CAST(NULL AS VARCHAR) AS new_hash WHERE false${rows}`,
  );
}

/** SELECT of a table with row_hash, with the hashes that its records have now. Needs `loadRehashed`. */
export function rehashedSql(from: string): string {
  return `SELECT t.* REPLACE (coalesce(new_hash, t.row_hash) AS row_hash) FROM (${from}) AS t LEFT JOIN rehashed ON old_hash = t.row_hash`;
}
