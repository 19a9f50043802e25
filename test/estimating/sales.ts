import { contractText, PAYMENTS } from '../stages/contract-text.ts';

/** A dataset: id, paid_on, amount. */
export const SALES = contractText(PAYMENTS);

/** Its Gold table: what was paid in each month. */
export const MONTHLY = contractText({
  dataset: 'test.monthly',
  partitionColumn: 'as_of_month',
  columns: [
    { name: 'as_of_month', type: 'date', key: true },
    { name: 'amount', type: 'number', physicalType: 'DECIMAL(38,2)' },
  ],
  assay: { layer: 'gold', sql: 'test/monthly.sql', inputs: ['test.records'], affects: 'same-month' },
});

export const MONTHLY_SQL = {
  'test/monthly.sql': `SELECT CAST(date_trunc('month', paid_on) AS DATE) AS as_of_month, CAST(SUM(amount) AS DECIMAL(38, 2)) AS amount
FROM silver.test_records
WHERE paid_on >= {{from_month}} AND paid_on < CAST({{to_month}} + INTERVAL '1' MONTH AS DATE)
GROUP BY CAST(date_trunc('month', paid_on) AS DATE)
`,
};
