import { ConfigError } from '../errors.ts';
import type { ContractSource } from '../ports.ts';

/** The drill's own dataset and Gold table. */
export const DRILL_DATASET = 'drill.payments';
export const DRILL_GOLD = 'drill.monthly';

const PAYMENTS = `apiVersion: v3.1.0
kind: DataContract
id: urn:assay:contract:drill.payments
domain: drill
name: payments
version: 1.0.0
status: active
team: { name: drill }
schema:
  - name: payments
    physicalType: table
    properties:
      - { name: id, logicalType: string, required: true, primaryKey: true, primaryKeyPosition: 1, classification: public }
      - { name: paid_on, logicalType: date, required: true, classification: public }
      - { name: amount, logicalType: number, physicalType: "DECIMAL(18,2)", required: true, classification: public }
      - { name: note, logicalType: string, classification: public }
    customProperties:
      - { property: assay.partitionColumn, value: paid_on }
      - { property: assay.measures, value: [{ column: amount }] }
      - property: assay.limits
        value: { maxQuarantineRate: 1, smallBatchRecords: 1000000000, maxCondemned: 1000000000, breakerErrors: 1000000000 }
`;

const MONTHLY = `apiVersion: v3.1.0
kind: DataContract
id: urn:assay:contract:drill.monthly
domain: drill
name: monthly
version: 1.0.0
status: active
team: { name: drill }
schema:
  - name: monthly
    physicalType: table
    properties:
      - { name: as_of_month, logicalType: date, required: true, primaryKey: true, classification: public }
      - { name: payments, logicalType: integer, required: true, classification: public }
      - { name: amount, logicalType: number, physicalType: "DECIMAL(38,2)", required: true, classification: public }
    customProperties:
      - { property: assay.layer, value: gold }
      - { property: assay.sql, value: drill/monthly.sql }
      - { property: assay.inputs, value: [drill.payments] }
      - { property: assay.affects, value: same-month }
      - { property: assay.partitionColumn, value: as_of_month }
`;

const MONTHLY_SQL = `SELECT CAST(date_trunc('month', paid_on) AS DATE) AS as_of_month, COUNT(*) AS payments,
  CAST(SUM(amount) AS DECIMAL(38, 2)) AS amount
FROM silver.drill_payments
WHERE paid_on >= {{from_month}} AND paid_on < CAST({{to_month}} + INTERVAL '1' MONTH AS DATE)
GROUP BY CAST(date_trunc('month', paid_on) AS DATE)
`;

/** Contracts of a small dataset whose limits nothing goes beyond, and of a Gold table of its months. */
export const drillContracts: ContractSource = {
  list: async () => [
    { file: 'drill/monthly.yaml', text: MONTHLY },
    { file: 'drill/payments.yaml', text: PAYMENTS },
  ],
  sql: async (name) => {
    if (name === 'drill/monthly.sql') return MONTHLY_SQL;
    throw new ConfigError('SQL_MISSING', `The drill has no ${name}.`);
  },
};
