-- Freshness: when {{dataset}} was last brought up to date, how long ago that is, and from which file.
SELECT
  '{{dataset}}' AS dataset,
  max(processed_at) AS last_run_at,
  date_diff('hour', max(processed_at), current_timestamp) AS hours_ago,
  max_by(run_id, processed_at) AS last_run_id,
  max_by(source_file, processed_at) AS last_source_file,
  count(DISTINCT run_id) AS runs,
  count(*) AS source_files
FROM "{{prefix}}ops"."source_files_{{table}}"
