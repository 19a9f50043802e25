-- Month-end balance of every account and currency: the balance of the month before, and what was booked since. An account
-- is carried on over months without a transaction.
SELECT
  account_id,
  currency,
  {{from_month}} AS as_of_month,
  CAST(SUM(amount) AS DECIMAL(38, 2)) AS balance
FROM (
  SELECT account_id, currency, balance AS amount
  FROM {{carry}}
  UNION ALL
  SELECT account_id, currency, amount
  FROM silver.mortgages_transactions
  WHERE CAST(transaction_timestamp AT TIME ZONE 'UTC' AS DATE) >= {{from_month}}
    AND CAST(transaction_timestamp AT TIME ZONE 'UTC' AS DATE) < CAST({{to_month}} + INTERVAL '1' MONTH AS DATE)
) AS entries
GROUP BY account_id, currency
