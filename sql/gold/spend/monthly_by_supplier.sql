-- What was paid to each supplier in each month, by the date of the payment.
SELECT
  CAST(date_trunc('month', payment_date) AS DATE) AS as_of_month,
  supplier_name,
  COUNT(*) AS payments,
  CAST(SUM(net_amount) AS DECIMAL(38, 2)) AS net_amount
FROM silver.spend_council_payments
WHERE payment_date >= {{from_month}}
  AND payment_date < CAST({{to_month}} + INTERVAL '1' MONTH AS DATE)
GROUP BY CAST(date_trunc('month', payment_date) AS DATE), supplier_name
