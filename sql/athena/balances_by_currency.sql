-- Totals at month end: the sum of all balances, by month and currency, as finance reconciles them.
SELECT
  as_of_month,
  currency,
  count(*) AS accounts,
  sum(balance) AS balance
FROM "{{prefix}}gold"."finance_account_balances"
GROUP BY as_of_month, currency
ORDER BY as_of_month DESC, currency
