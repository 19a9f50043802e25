import { contractText } from '../stages/contract-text.ts';
import { type TestLake, testLake } from '../stages/harness.ts';

/** A shop's payments: who pays is the record's subject, and the payee is another's. */
export const payments = `${contractText({
  dataset: 'shop.payments',
  partitionColumn: 'day',
  columns: [
    { name: 'id', key: true },
    {
      ...{ name: 'payer', type: 'integer', classification: 'personal', required: true },
      assay: { protect: { as: 'pseudonym', group: 'ids' } },
    },
    {
      ...{ name: 'payer_mail', classification: 'personal', required: true },
      more: { logicalTypeOptions: { pattern: '[^@]+@[^@]+' } },
      assay: { protect: { as: 'encrypted', group: 'contact' } },
    },
    {
      ...{ name: 'payee', type: 'integer', classification: 'personal' },
      assay: { protect: { as: 'pseudonym', group: 'ids', subject: { column: 'payee', kind: 'customer' } } },
    },
    {
      ...{ name: 'payee_name', classification: 'personal' },
      assay: {
        protect: { as: 'encrypted', group: 'payees', subject: { column: 'payee', kind: 'customer' } },
      },
    },
    { name: 'day', type: 'date', required: true },
    { name: 'amount', type: 'number', physicalType: 'decimal(12,2)' },
  ],
  assay: {
    subject: { column: 'payer', kind: 'customer' },
    measures: [{ column: 'amount' }],
    limits: { maxQuarantineRate: 1, maxCondemned: 1000 },
  },
})}slaProperties:
  - {property: retention, value: 6, unit: y, element: payments.day}
`;

const totals = contractText({
  dataset: 'shop.totals',
  partitionColumn: 'as_of_month',
  columns: [
    { name: 'as_of_month', type: 'date', key: true },
    { name: 'payers', type: 'integer', required: true },
    { name: 'amount', type: 'number', physicalType: 'decimal(38,2)', required: true },
    { name: 'first_payer', classification: 'personal' },
  ],
  assay: { layer: 'gold', sql: 'shop/totals.sql', inputs: ['shop.payments'], affects: 'same-month' },
});

const TOTALS_SQL = `SELECT CAST(date_trunc('month', day) AS DATE) AS as_of_month, CAST(count(DISTINCT payer) AS BIGINT) AS payers, CAST(sum(amount) AS DECIMAL(38,2)) AS amount, min(payer) AS first_payer
FROM silver.shop_payments WHERE day >= {{from_month}} AND day < {{to_month}} + INTERVAL '1' MONTH GROUP BY 1`;

export const HEADER = 'id,payer,payer_mail,payee,payee_name,day,amount';
/** Ann (42) pays, is paid, fails, can't be parsed twice; Ben (43) does as well. */
export const FILE = `${HEADER}
p1,42,ann-planted@example.org,43,Ben Planted-Payee,2024-05-01,10.00
p2,00042,ann-planted@example.org,43,Ben Planted-Payee,2024-05-02,20.00
p3,43,ben-planted@example.org,42,Ann Planted-Payee,2024-05-03,30.00
p4,42,ann-planted at example.org,43,Ben Planted-Payee,2024-05-04,40.00
p5,43,ben-planted at example.org,,,2024-05-04,50.00
p6,42,ann-planted-short@example.org
p7,43,ben-planted-short@example.org
p8,43,ben-planted@example.org,43,Ben Planted-Payee,2024-06-04,60.00
`;

/** A lake with the shop's contracts and a vault. */
export const shopLake = (startAt = '2024-07-01T06:00:00.000Z'): Promise<TestLake> =>
  testLake({ contracts: [payments], vault: true, startAt });

/** One that has a Gold table beside. */
export const shopLakeWithGold = (): Promise<TestLake> =>
  testLake({
    contracts: [payments, totals],
    sql: { 'shop/totals.sql': TOTALS_SQL },
    vault: true,
    startAt: '2024-07-01T06:00:00.000Z',
  });
