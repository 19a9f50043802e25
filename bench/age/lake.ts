import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The dataset whose lake grows old, and the Gold table that is made of it. */
export const AGING = 'shop.payments';
export const AGING_GOLD = 'shop.monthly';

/** How long its snapshots stay. */
interface KeptStates {
  /** As a contract has it, e.g. `90d`. */
  readonly keep: string;
  readonly atLeast: number;
}

/** Writes the contracts and the Gold SQL of the lake into a folder. */
export function writeContracts(folder: string, kept: KeptStates | undefined): void {
  mkdirSync(join(folder, 'shop'), { recursive: true });
  writeFileSync(join(folder, 'shop', 'payments.yaml'), payments(kept));
  writeFileSync(join(folder, 'shop', 'monthly.yaml'), monthly(kept));
  writeFileSync(join(folder, 'shop', 'monthly.sql'), MONTHLY_SQL);
}

const snapshots = (kept: KeptStates | undefined): string =>
  kept === undefined
    ? ''
    : `\n      - { property: assay.snapshots, value: { keep: ${kept.keep}, atLeast: ${kept.atLeast} } }`;

const payments = (kept: KeptStates | undefined): string => `apiVersion: v3.1.0
kind: DataContract
id: urn:assay:contract:shop.payments
domain: shop
name: payments
version: 1.0.0
status: active
team: { name: bench }
schema:
  - name: payments
    physicalType: table
    properties:
      - { name: id, logicalType: string, required: true, primaryKey: true, primaryKeyPosition: 1, classification: public }
      - { name: paid_on, logicalType: date, required: true, classification: public }
      - { name: amount, logicalType: number, physicalType: "DECIMAL(18,2)", required: true, classification: public }
    customProperties:
      - { property: assay.partitionColumn, value: paid_on }
      - { property: assay.measures, value: [{ column: amount }] }
      - property: assay.limits
        value: { maxQuarantineRate: 1, smallBatchRecords: 1000000000, maxCondemned: 1000000000, breakerErrors: 1000000000 }${snapshots(kept)}
`;

const monthly = (kept: KeptStates | undefined): string => `apiVersion: v3.1.0
kind: DataContract
id: urn:assay:contract:shop.monthly
domain: shop
name: monthly
version: 1.0.0
status: active
team: { name: bench }
schema:
  - name: monthly
    physicalType: table
    properties:
      - { name: as_of_month, logicalType: date, required: true, primaryKey: true, classification: public }
      - { name: payments, logicalType: integer, required: true, classification: public }
      - { name: amount, logicalType: number, physicalType: "DECIMAL(38,2)", required: true, classification: public }
    customProperties:
      - { property: assay.layer, value: gold }
      - { property: assay.sql, value: shop/monthly.sql }
      - { property: assay.inputs, value: [shop.payments] }
      - { property: assay.affects, value: same-month }
      - { property: assay.partitionColumn, value: as_of_month }${snapshots(kept)}
`;

const MONTHLY_SQL = `SELECT CAST(date_trunc('month', paid_on) AS DATE) AS as_of_month, COUNT(*) AS payments,
  CAST(SUM(amount) AS DECIMAL(38, 2)) AS amount
FROM silver.shop_payments
WHERE paid_on >= {{from_month}} AND paid_on < CAST({{to_month}} + INTERVAL '1' MONTH AS DATE)
GROUP BY CAST(date_trunc('month', paid_on) AS DATE)
`;

/** The text of the n-th file: four payments and one that has no amount, over the months of a year. */
export function agingFile(n: number): string {
  const rows = Array.from({ length: 5 }, (_, i) => {
    const id = n * 5 + i;
    const month = String((Math.floor(n / 900) % 12) + 1).padStart(2, '0');
    return `P${id},2024-${month}-${String((id % 28) + 1).padStart(2, '0')},${i === 4 ? '' : `${id % 1000}.25`}`;
  });
  return `id,paid_on,amount\n${rows.join('\n')}\n`;
}
