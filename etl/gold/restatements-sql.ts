import { literal } from '../engine/sql.ts';

/** Columns of what refreshes restated, with their DuckDB types. */
const COLUMNS = {
  dataset: 'VARCHAR',
  run_id: 'VARCHAR',
  refreshed_at: 'TIMESTAMPTZ',
  silver_snapshot_id: 'BIGINT',
  as_of_month: 'DATE',
  key: 'VARCHAR',
  column: 'VARCHAR',
  old_value: 'VARCHAR',
  new_value: 'VARCHAR',
  was_over: 'BOOLEAN',
  waits: 'VARCHAR',
} as const;

/**
 * SELECT of what refreshes restated, from their Parquet files; no rows without files. Old files don't say whether a
 * month was over; alerts treated each as over then, and so does this. `waits` is the id of a restatement of a closed
 * month, whose new values that refresh did not publish.
 */
export function restatementsSql(paths: readonly string[]): string {
  const names = Object.keys(COLUMNS).map((name) => `"${name}"`);
  const nulls = Object.entries(COLUMNS).map(([name, type]) => `CAST(NULL AS ${type}) AS "${name}"`);
  const none = `SELECT ${nulls.join(', ')} WHERE false`;
  if (paths.length === 0) return none;
  const files = `read_parquet([${paths.map(literal).join(', ')}], union_by_name = true)`;
  const kept = names.map((name) => (name === '"was_over"' ? 'coalesce(was_over, true) AS was_over' : name));
  return `SELECT ${kept.join(', ')} FROM (${none} UNION ALL BY NAME SELECT * FROM ${files})`;
}
