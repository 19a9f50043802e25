-- The table as it is now: of each row the last change, unless that deleted it.
-- A change that was under way when the first snapshot was read may stand before it in the log, and is newer all the same.
-- A later snapshot has what there is: rows that it lacks, and that nothing is said of since, were deleted unseen.
SELECT id, sku, quantity, price, counted_on, note
FROM (
  SELECT
    changes.*, first_snapshot, last_snapshot,
    row_number() OVER (
      PARTITION BY id
      ORDER BY CASE WHEN op = 'r' AND lsn = first_snapshot THEN 0 ELSE lsn END DESC
    ) AS place
  FROM silver.warehouse_stock_changes AS changes
  CROSS JOIN (
    SELECT min(lsn) AS first_snapshot, max(lsn) AS last_snapshot
    FROM silver.warehouse_stock_changes
    WHERE op = 'r'
  ) AS snapshots
) AS numbered
WHERE place = 1 AND op <> 'd' AND coalesce(first_snapshot = last_snapshot OR lsn >= last_snapshot, true)
ORDER BY id
