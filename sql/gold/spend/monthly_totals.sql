-- What was paid in each month, by the date of the payment.
SELECT
  CAST(date_trunc('month', payment_date) AS DATE) AS as_of_month,
  COUNT(*) AS payments,
  COUNT(DISTINCT supplier_name) AS suppliers,
  CAST(SUM(net_amount) AS DECIMAL(38, 2)) AS net_amount,
  CAST(SUM(CASE WHEN capital_or_revenue = 'R' THEN net_amount ELSE 0 END) AS DECIMAL(38, 2)) AS revenue_amount,
  CAST(SUM(CASE WHEN capital_or_revenue = 'C' THEN net_amount ELSE 0 END) AS DECIMAL(38, 2)) AS capital_amount
FROM silver.spend_council_payments
WHERE payment_date >= {{from_month}}
  AND payment_date < CAST({{to_month}} + INTERVAL '1' MONTH AS DATE)
GROUP BY CAST(date_trunc('month', payment_date) AS DATE)
