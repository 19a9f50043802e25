import { type Engine, readParquet } from '../engine/engine.ts';
import { isCurrentSql, lastReadsSql, loadReplaced } from '../quarantine/current-rejects.ts';
import type { DatasetTables } from '../stages/dataset-tables.ts';

/** Whether a record failed for what it is: being a duplicate is no such failure, since its twin is in Silver. */
const OWN = "len(list_filter(reasons, lambda x: x.code NOT IN ('DUPLICATE', 'PREVIOUSLY_CONDEMNED'))) > 0";

/**
 * Makes the table `prior`, which all lanes see (row_hash, failures, own_failures, condemned): in how many sealed runs each record failed,
 * in how many for what it is, and whether it was condemned for that. What failed in a file that was read again since, or
 * that is `replaced` now (source_file_ids), doesn't count. Returns whether any did.
 */
export async function loadPriorFailures(
  engine: Engine,
  tables: Pick<DatasetTables, 'paths'>,
  replaced: readonly string[],
): Promise<boolean> {
  await engine.run(
    'CREATE OR REPLACE TABLE prior (row_hash VARCHAR, failures INTEGER, own_failures INTEGER, condemned BOOLEAN)',
  );
  const selects: string[] = [];
  for (const layer of ['quarantine', 'condemned'] as const) {
    const paths = await tables.paths(layer);
    if (paths.length === 0) continue;
    selects.push(
      `SELECT row_hash, run_id, ${OWN} AS own, ${layer === 'condemned'} AS condemned, source_file_id, reasons FROM ${readParquet(paths)}`,
    );
  }
  if (selects.length === 0) return false;
  await loadReplaced(engine, replaced);
  await engine.run(
    `INSERT INTO prior SELECT row_hash, count(DISTINCT run_id), count(DISTINCT run_id) FILTER (own), bool_or(own AND condemned)
     FROM (${selects.join(' UNION ALL ')}) AS r LEFT JOIN (${await lastReads(tables)}) USING (source_file_id)
     WHERE ${isCurrentSql('now')} GROUP BY row_hash`,
  );
  return true;
}

/** `lastReadsSql` of the dataset's ledger. */
export async function lastReads(tables: Pick<DatasetTables, 'paths'>): Promise<string> {
  const paths = await tables.paths('source_files');
  return lastReadsSql(paths.length === 0 ? NO_LEDGER : readParquet(paths));
}

const NO_LEDGER =
  '(SELECT NULL::VARCHAR AS source_file_id, NULL::VARCHAR AS run_id, NULL::TIMESTAMPTZ AS processed_at, NULL::VARCHAR AS status WHERE false)';
