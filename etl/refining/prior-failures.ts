import { type Engine, readParquet } from '../engine/engine.ts';
import type { DataStore } from '../ports.ts';
import { filesOf, type LakeTable } from '../table/lake-table.ts';

/** Whether a record failed for what it is: being a duplicate is no such failure, since its twin is in Silver. */
const OWN = "len(list_filter(reasons, lambda r: r.code NOT IN ('DUPLICATE', 'PREVIOUSLY_CONDEMNED'))) > 0";

/**
 * Makes the table `prior`, which all lanes see (row_hash, failures, own_failures, condemned): in how many sealed runs each record failed,
 * in how many for what it is, and whether it was condemned for that. Returns whether any did.
 */
export async function loadPriorFailures(
  engine: Engine,
  data: DataStore,
  tables: { readonly quarantine: LakeTable; readonly condemned: LakeTable },
): Promise<boolean> {
  await engine.run(
    'CREATE OR REPLACE TABLE prior (row_hash VARCHAR, failures INTEGER, own_failures INTEGER, condemned BOOLEAN)',
  );
  const selects: string[] = [];
  for (const layer of ['quarantine', 'condemned'] as const) {
    const paths = await Promise.all((await filesOf(tables[layer])).map((file) => data.localPath(file.key)));
    if (paths.length === 0) continue;
    selects.push(
      `SELECT row_hash, run_id, ${OWN} AS own, ${layer === 'condemned'} AS condemned FROM ${readParquet(paths)}`,
    );
  }
  if (selects.length === 0) return false;
  await engine.run(
    `INSERT INTO prior SELECT row_hash, count(DISTINCT run_id), count(DISTINCT run_id) FILTER (own), bool_or(own AND condemned)
     FROM (${selects.join(' UNION ALL ')}) GROUP BY row_hash`,
  );
  return true;
}
