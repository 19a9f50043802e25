-- Balances at month end: what every mortgage account stood at, by currency, at the end of the last month there is.
-- For another month, put its first day in the place of the subquery: DATE '2024-03-01'.
SELECT
  account_id,
  currency,
  as_of_month,
  balance,
  silver_snapshot_id
FROM "{{prefix}}gold"."finance_account_balances"
WHERE as_of_month = (SELECT max(as_of_month) FROM "{{prefix}}gold"."finance_account_balances")
ORDER BY account_id, currency
