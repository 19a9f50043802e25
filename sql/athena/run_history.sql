-- Run history: what every published run of {{dataset}} did with its files, newest first. Runs that were held, refused
-- or failed published nothing and are not in the ledger: `assay runs` lists those as well.
SELECT
  run_id,
  min(processed_at) AS planned_at,
  count(*) AS source_files,
  count(CASE WHEN status = 'rejected' THEN 1 END) AS rejected_files,
  sum(records) AS records,
  sum(silver) AS silver,
  sum(quarantined) AS quarantined,
  sum(condemned) AS condemned,
  sum(blank) AS blank,
  sum(coalesce(footer, 0)) AS footer,
  sum(coalesce(repeats, 0)) AS repeats,
  sum(coalesce(forgotten, 0)) AS forgotten,
  -- A quotient of decimals keeps as many places as its terms have, on Trino.
  CAST(CAST(100 * sum(quarantined) AS DECIMAL(38, 6)) / NULLIF(sum(records - blank - coalesce(footer, 0) - coalesce(repeats, 0) - coalesce(forgotten, 0)), 0) AS DECIMAL(5, 2)) AS quarantine_percent,
  max(contract_version) AS contract_version
FROM "{{prefix}}ops"."source_files_{{table}}"
GROUP BY run_id
ORDER BY planned_at DESC
LIMIT 100
