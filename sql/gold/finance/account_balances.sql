-- Month-end balance of every account and currency: all transactions up to the end of the month, carried forward over
-- months without one. What was booked before the window is the opening balance of its first month. The months of the
-- window come from digits, because DuckDB and Trino share no function that counts them.
WITH digits (d) AS (
  VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9)
),
months AS (
  SELECT CAST({{from_month}} + (1000 * th.d + 100 * h.d + 10 * t.d + o.d) * INTERVAL '1' MONTH AS DATE) AS as_of_month
  FROM digits AS th
  CROSS JOIN digits AS h
  CROSS JOIN digits AS t
  CROSS JOIN digits AS o
  WHERE 1000 * th.d + 100 * h.d + 10 * t.d + o.d
    <= 12 * (EXTRACT(YEAR FROM {{to_month}}) - EXTRACT(YEAR FROM {{from_month}}))
      + EXTRACT(MONTH FROM {{to_month}}) - EXTRACT(MONTH FROM {{from_month}})
),
booked AS (
  SELECT
    account_id,
    currency,
    amount,
    CAST(date_trunc('month', CAST(transaction_timestamp AT TIME ZONE 'UTC' AS DATE)) AS DATE) AS booked_month
  FROM silver.mortgages_transactions
),
changes AS (
  SELECT
    account_id,
    currency,
    GREATEST(booked_month, {{from_month}}) AS as_of_month,
    SUM(amount) AS change
  FROM booked
  WHERE booked_month <= {{to_month}}
  GROUP BY account_id, currency, GREATEST(booked_month, {{from_month}})
),
accounts AS (
  SELECT account_id, currency, MIN(as_of_month) AS first_month
  FROM changes
  GROUP BY account_id, currency
)
SELECT
  accounts.account_id,
  accounts.currency,
  months.as_of_month,
  CAST(
    SUM(COALESCE(changes.change, 0)) OVER (
      PARTITION BY accounts.account_id, accounts.currency
      ORDER BY months.as_of_month
      ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS DECIMAL(38, 2)
  ) AS balance
FROM accounts
JOIN months
  ON months.as_of_month >= accounts.first_month
LEFT JOIN changes
  ON changes.account_id = accounts.account_id
  AND changes.currency = accounts.currency
  AND changes.as_of_month = months.as_of_month
