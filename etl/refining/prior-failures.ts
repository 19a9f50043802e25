import { type Engine, readParquet } from '../engine/engine.ts';
import type { DataStore } from '../ports.ts';
import { filesOf, type LakeTable } from '../table/lake-table.ts';

/**
 * Makes the table `prior` (row_hash, failures, condemned): in how many sealed runs each record failed, and
 * whether it was condemned for what it is (a duplicate isn't: its twin is in Silver). Returns whether any did.
 */
export async function loadPriorFailures(
  engine: Engine,
  data: DataStore,
  tables: { readonly quarantine: LakeTable; readonly condemned: LakeTable },
): Promise<boolean> {
  await engine.run('CREATE OR REPLACE TEMP TABLE prior (row_hash BLOB, failures INTEGER, condemned BOOLEAN)');
  const selects: string[] = [];
  for (const layer of ['quarantine', 'condemned'] as const) {
    const paths = await Promise.all((await filesOf(tables[layer])).map((file) => data.localPath(file.key)));
    if (paths.length === 0) continue;
    const condemned =
      layer === 'condemned'
        ? "len(list_filter(reasons, lambda r: r.code NOT IN ('DUPLICATE', 'PREVIOUSLY_CONDEMNED'))) > 0"
        : 'false';
    selects.push(`SELECT row_hash, run_id, ${condemned} AS condemned FROM ${readParquet(paths)}`);
  }
  if (selects.length === 0) return false;
  await engine.run(
    `INSERT INTO prior SELECT row_hash, count(DISTINCT run_id), bool_or(condemned) FROM (${selects.join(' UNION ALL ')}) GROUP BY row_hash`,
  );
  return true;
}
