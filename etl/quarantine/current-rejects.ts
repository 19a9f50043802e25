import type { Engine } from '../engine/engine.ts';

/** The reason code of a person's condemnation. */
export const CONDEMNED_CODE = 'CONDEMNED';

/**
 * Whether `reasons` show that a reject failed by itself, not just as a duplicate of one in Silver, as condemned
 * before, or as one that nobody can read.
 */
export const OWN_FAILURE_SQL =
  "len(list_filter(reasons, lambda x: x.code NOT IN ('DUPLICATE', 'PREVIOUSLY_CONDEMNED', 'FORGOTTEN'))) > 0";

/** Whether nobody could read a reject to judge it, since keys of it were destroyed: that counts as no attempt. */
export const UNREAD_SQL = "list_contains(list_transform(reasons, lambda x: x.code), 'FORGOTTEN')";

/**
 * Whether a row of a reject table was let go: its values are gone. Every other one has them as `record`, or as `raw_text`
 * where it couldn't be parsed.
 */
export const LET_GO_SQL = 'record IS NULL AND raw_text IS NULL';

/**
 * SELECT with a row for each source file of a ledger (a table expression): the run that last read it, and when it was
 * first read. After a backfill, earlier failures in its files are history.
 */
export function lastReadsSql(ledger: string): string {
  return `SELECT source_file_id, arg_max(run_id, processed_at) AS last_run_id, min(processed_at) FILTER (status = 'accepted') AS first_read_at
    FROM ${ledger} WHERE status <> 'repeat' GROUP BY source_file_id`;
}

/**
 * In how many runs rows of a group that meet a condition failed. Rows that a migration wrote (`isCarried`) are no
 * failure themselves: their attempt_count carries the failures before it.
 */
export function failuresSql(condition: string, isCarried: string): string {
  return `count(DISTINCT run_id) FILTER (${condition} AND NOT (${isCarried})) + coalesce(max(attempt_count) FILTER (${condition} AND (${isCarried})), 0)`;
}

/** Makes the table `replaced` (id$), the source files that a run reads again, for conditions to look them up. */
export async function loadReplaced(engine: Engine, replaced: readonly string[]): Promise<void> {
  await engine.run('CREATE OR REPLACE TEMP TABLE replaced (id$ VARCHAR)');
  await engine.append(
    'replaced',
    replaced.map((id) => [id]),
  );
}

/**
 * The condition under which a row of a reject table (`r`), joined with its file's `lastReadsSql`, still counts: its
 * file was not read again since, nor is `now` (needs `loadReplaced`); or a person condemned it.
 */
export function isCurrentSql(at: 'now' | 'published' = 'published'): string {
  const read = 'last_run_id IS NULL OR last_run_id = r.run_id';
  const others = at === 'now' ? ' AND r.source_file_id NOT IN (SELECT id$ FROM replaced)' : '';
  return `((${read})${others} OR list_contains(list_transform(r.reasons, lambda x: x.code), '${CONDEMNED_CODE}'))`;
}
