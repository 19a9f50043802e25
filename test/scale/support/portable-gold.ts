/**
 * Gold SQL that every engine reads, over `silver.shop_sales` (id, shop, sold_on, sold_at, amount, weight, paid) and
 * `silver.shop_shops` (shop, town, opened_on), for a table of month, name and total; by what it shows.
 */
const IN_MONTHS = `sold_on >= {{from_month}} AND sold_on < CAST({{to_month}} + INTERVAL '1' MONTH AS DATE)`;
const MONTH = "CAST(date_trunc('month', sold_on) AS DATE)";
const S = 'silver.shop_sales';

export const PORTABLE_GOLD: Readonly<Record<string, string>> = {
  'sums by month': `-- A comment; with 'signs'.
    SELECT ${MONTH} AS month, shop AS name, CAST(SUM(amount) AS DECIMAL(38, 2)) AS total FROM ${S} WHERE ${IN_MONTHS} GROUP BY ${MONTH}, shop`,
  'groups by their place, HAVING, counts of different values': `SELECT ${MONTH} AS month, COALESCE(shop, 'none') AS name, COUNT(DISTINCT amount) + COUNT(*) * 2 - 1 AS total
    FROM ${S} WHERE ${IN_MONTHS} GROUP BY 1, 2 HAVING COUNT(*) > 0`,
  'CASE, FILTER, BETWEEN, IN, LIKE, NOT': `SELECT ${MONTH} AS month, 'x' || 'y' AS name,
      CAST(SUM(CASE WHEN amount BETWEEN -2.5 AND 2.50 THEN amount WHEN shop IN ('a', 'it''s') THEN 0.25 ELSE 1 END) AS DECIMAL(38, 2)) + COUNT(*) FILTER (WHERE NOT shop LIKE 'i%') AS total
    FROM ${S} WHERE ${IN_MONTHS} AND (shop IS NOT NULL OR paid = true) AND shop NOT LIKE 'zz%' GROUP BY ${MONTH}`,
  'joins, aliases and a table of values': `SELECT CAST(date_trunc('month', s.sold_on) AS DATE) AS month, o.town AS name, CAST(SUM(CAST(s.amount AS DECIMAL(28, 2)) * CAST(v.factor AS INTEGER)) AS DECIMAL(38, 2)) AS total
    FROM ${S} AS s LEFT JOIN silver.shop_shops AS o ON o.shop = s.shop AND o.opened_on < s.sold_on
    CROSS JOIN (VALUES (2), (3)) AS v (factor) WHERE s.sold_on >= {{from_month}} AND s.sold_on < {{to_month}} + INTERVAL '31' DAY
    GROUP BY CAST(date_trunc('month', s.sold_on) AS DATE), o.town`,
  'FULL JOIN': `SELECT {{from_month}} AS month, COALESCE(s.shop, o.shop) AS name, s.amount AS total
    FROM (SELECT shop, CAST(SUM(amount) AS DECIMAL(38, 2)) AS amount FROM ${S} GROUP BY shop) AS s FULL JOIN silver.shop_shops AS o ON o.shop = s.shop`,
  'WITH, UNION ALL and UNION': `WITH a (m, n, t) AS (SELECT ${MONTH}, shop, amount FROM ${S} WHERE ${IN_MONTHS}), b AS (SELECT m, n, t FROM a WHERE t > 0)
    SELECT m AS month, n AS name, CAST(SUM(t) AS DECIMAL(38, 2)) AS total FROM (SELECT * FROM a UNION ALL SELECT b.* FROM b) AS both_of GROUP BY m, n
    UNION SELECT {{from_month}}, 'fixed', 1.5`,
  'subqueries in conditions': `SELECT ${MONTH} AS month, shop AS name, MAX(amount) - (SELECT MIN(amount) FROM ${S}) AS total FROM ${S} AS x
    WHERE ${IN_MONTHS} AND shop IN (SELECT shop FROM silver.shop_shops) AND EXISTS (SELECT 1 FROM silver.shop_shops AS o WHERE o.shop = x.shop) GROUP BY ${MONTH}, shop`,
  'the day in UTC of a time': `SELECT CAST(date_trunc('month', CAST(sold_at AT TIME ZONE 'UTC' AS DATE)) AS DATE) AS month, shop AS name, abs(CAST(SUM(amount) AS DECIMAL(38, 2))) AS total
    FROM ${S} WHERE sold_at >= CAST({{from_month}} AS TIMESTAMP WITH TIME ZONE) AND sold_at < CAST({{to_month}} + INTERVAL '1' MONTH AS TIMESTAMP WITH TIME ZONE)
    GROUP BY CAST(date_trunc('month', CAST(sold_at AT TIME ZONE 'UTC' AS DATE)) AS DATE), shop`,
  'parts of dates, nullif and values that are not distinct': `SELECT {{to_month}} AS month, NULLIF(shop, 'b') AS name, CAST(SUM(EXTRACT(YEAR FROM sold_on) + month(sold_on) * 100 + quarter(sold_on)) AS BIGINT) AS total
    FROM ${S} WHERE shop IS NOT DISTINCT FROM 'a' OR shop IS DISTINCT FROM 'a' AND day(sold_on) <> 1 GROUP BY NULLIF(shop, 'b')`,
  'DISTINCT, booleans and no value': `SELECT DISTINCT ${MONTH} AS month, CASE WHEN bool_and(paid) THEN 'all' WHEN bool_or(paid) THEN 'some' ELSE CAST(NULL AS VARCHAR) END AS name, CAST(count_if(paid) AS BIGINT) AS total
    FROM ${S} WHERE ${IN_MONTHS} GROUP BY ${MONTH}`,
};
