SELECT
  CAST(date_trunc('month', changed_on) AS DATE) AS month,
  city,
  count(*) AS customers,
  count_if(newsletter = 'yes') AS newsletter
FROM silver.shop_customers
WHERE changed_on >= {{from_month}} AND changed_on < CAST({{to_month}} + INTERVAL '1' MONTH AS DATE)
GROUP BY 1, 2
