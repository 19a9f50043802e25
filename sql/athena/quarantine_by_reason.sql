-- Quarantine by reason: how many records of {{dataset}} failed for what, how many of them still fail, and since when.
-- A record with several reasons counts once for each. One that was corrected has another row_hash and still counts as
-- failing here: only `assay quarantine list` knows of corrections.
WITH failed AS (
  SELECT
    row_hash,
    attempt_count,
    ingestion_timestamp,
    reasons,
    NOT EXISTS (SELECT 1 FROM "{{prefix}}condemned"."{{table}}" AS c WHERE c.row_hash = q.row_hash)
      AND NOT EXISTS (
        SELECT 1 FROM "{{prefix}}silver"."{{table}}" AS s WHERE s.attempt_count > 0 AND s.row_hash = q.row_hash
      ) AS is_open
  FROM "{{prefix}}quarantine"."{{table}}" AS q
)
SELECT
  reason.code,
  reason."column" AS column_name,
  reason.rule,
  count(DISTINCT failed.row_hash) AS records,
  count(DISTINCT CASE WHEN failed.is_open THEN failed.row_hash END) AS still_open,
  max(failed.attempt_count) AS most_attempts,
  min(failed.ingestion_timestamp) AS first_seen,
  max(failed.ingestion_timestamp) AS last_seen
FROM failed
CROSS JOIN UNNEST(failed.reasons) AS reason (rule, "column", code, value)
GROUP BY reason.code, reason."column", reason.rule
ORDER BY records DESC, reason.code, column_name
