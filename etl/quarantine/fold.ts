import { type Layer, tableName } from '../naming/datasets.ts';
import {
  CONDEMNED_CODE,
  failuresSql,
  isCurrentSql,
  LET_GO_SQL,
  lastReadsSql,
  OWN_FAILURE_SQL,
} from './current-rejects.ts';
import { retryTables } from './retry-files.ts';

/**
 * SELECT with a row for every record (by row_hash) that was ever in quarantine or condemned: its state, in how many
 * runs it failed since its last release, and its last failure. The state folds what was appended: a later verdict,
 * Silver, a published retry in which it did not fail unchanged, or its event sent to its topic again closes a record; a release opens it again. One whose
 * values were let go has no state any more. Needs the
 * views of the dataset's tables, or others that `fromOf` names, and what loadRetryTables makes. With `atMs`, as it was then; the
 * views must be of that moment, too.
 */
export function foldSql(
  dataset: string,
  atMs?: number,
  fromOf: (layer: Layer) => string = (layer) => tableName(layer, dataset),
): string {
  const silver = fromOf('silver');
  const ledger = fromOf('source_files');
  const { origins, releases, redrives, carried } = retryTables(dataset);
  const untilOf = (at: string): string =>
    atMs === undefined ? '' : ` WHERE ${at} <= to_timestamp(${atMs / 1000})`;
  const until = untilOf('released_at');
  const counted = `(released_at IS NULL OR failed_at > released_at) AND NOT list_contains(codes, '${CONDEMNED_CODE}') AND NOT list_contains(codes, 'FORGOTTEN')`;
  const codes = 'list_transform(reasons, lambda x: x.code)';
  const columns = `source_file_id, source_row_number, CASE WHEN list_contains(${codes}, '${CONDEMNED_CODE}') THEN ingestion_timestamp ELSE coalesce(first_read_at, ingestion_timestamp) END AS failed_at, run_id, attempt_count, coalesce(run_id IN (SELECT run_id FROM ${carried}), false) AS is_carried, ${OWN_FAILURE_SQL} AS own, ${codes} AS codes, ${LET_GO_SQL} AS is_let_go`;
  // Reading a file again is no new failure of its records: the first reading counts.
  const rejects = (layer: 'quarantine' | 'condemned'): string =>
    `SELECT row_hash, ${columns}, ${layer === 'condemned'} AS is_condemned FROM ${fromOf(layer)} AS r LEFT JOIN reads USING (source_file_id) WHERE ${isCurrentSql()}`;
  return `WITH reads AS (${lastReadsSql(ledger)}), rejects AS (
      ${rejects('quarantine')} UNION ALL ${rejects('condemned')}
    ), released AS (SELECT row_hash, max(released_at) AS released_at FROM ${releases}${until} GROUP BY row_hash),
    traced AS (
      -- What a correction made another record of brings its failures along.
      SELECT rejects.*, released_at, o.failures AS failures_before, o.own_failures AS own_before
      FROM rejects LEFT JOIN released USING (row_hash) LEFT JOIN ${origins} AS o
        ON o.retry_file_id = rejects.source_file_id AND o.source_row_number = rejects.source_row_number AND o.row_hash <> rejects.row_hash
    ), folded AS (
      SELECT row_hash, max(failed_at) AS last_at, max(failed_at) FILTER (is_condemned) AS condemned_at, any_value(released_at) AS released_at, bool_and(is_let_go) AS is_let_go,
        ${failuresSql(counted, 'is_carried')} + coalesce(max(failures_before) FILTER (${counted} AND NOT is_carried), 0) AS failures,
        ${failuresSql(`own AND ${counted}`, 'is_carried')} + coalesce(max(own_before) FILTER (${counted} AND NOT is_carried), 0) AS own_failures
      FROM traced GROUP BY row_hash
    ), processed AS (SELECT source_file_id, arg_max(status, processed_at) AS status, max(processed_at) AS processed_at FROM ${ledger} GROUP BY source_file_id),
    retried AS (
      SELECT row_hash, bool_or(status IS NULL AND NOT is_abandoned) AS is_pending, max(processed_at) FILTER (status = 'accepted') AS retried_at
      FROM ${origins} LEFT JOIN processed ON source_file_id = retry_file_id GROUP BY row_hash
    ), redriven AS (SELECT row_hash, max(redriven_at) AS redriven_at FROM ${redrives}${untilOf('redriven_at')} GROUP BY row_hash)
    SELECT folded.row_hash, last_at, failures, own_failures, CASE
        WHEN EXISTS (SELECT 1 FROM ${silver} AS s WHERE s.attempt_count > 0 AND s.row_hash = folded.row_hash) THEN 'silver'
        WHEN retried_at > last_at AND (released_at IS NULL OR released_at < retried_at) THEN 'corrected'
        WHEN redriven_at > last_at AND (released_at IS NULL OR released_at < redriven_at) THEN 'corrected'
        WHEN condemned_at IS NOT NULL AND (released_at IS NULL OR released_at <= condemned_at) THEN 'condemned'
        WHEN is_pending THEN 'retrying' ELSE 'open' END AS state
    FROM folded LEFT JOIN retried USING (row_hash) LEFT JOIN redriven USING (row_hash) WHERE NOT is_let_go`;
}
