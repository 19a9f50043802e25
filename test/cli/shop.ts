import { cp, mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { initLake } from '../../adapters/local/lake.ts';
import { tempFolder } from '../adapters/temp-folder.ts';

/** Contract of the shop's sales; `limits` as it stands in YAML. */
export function salesContract(limits = '{ maxQuarantineRate: 0.9, smallBatchRecords: 10 }'): string {
  return `apiVersion: v3.1.0
kind: DataContract
id: urn:assay:contract:shop.sales
domain: shop
name: sales
version: 1.0.0
status: active
team:
  name: shop
description:
  purpose: Sales of a small shop.
schema:
  - name: sales
    physicalType: table
    properties:
      - name: sale_id
        logicalType: string
        required: true
        primaryKey: true
        primaryKeyPosition: 1
        classification: public
        description: The sale's number.
      - name: customer
        logicalType: string
        classification: personal
        description: Who bought.
      - name: amount
        logicalType: number
        physicalType: DECIMAL(18,2)
        required: true
        classification: public
        description: What was paid.
      - name: sold_on
        logicalType: date
        required: true
        classification: public
        description: Day of the sale.
    customProperties:
      - property: assay.partitionColumn
        value: sold_on
      - property: assay.measures
        value:
          - column: amount
      - property: assay.limits
        value: ${limits}
`;
}

const MONTHLY = `apiVersion: v3.1.0
kind: DataContract
id: urn:assay:contract:shop.monthly_sales
domain: shop
name: monthly_sales
version: 1.0.0
status: active
team:
  name: finance
description:
  purpose: What was sold in each month.
schema:
  - name: monthly_sales
    physicalType: table
    properties:
      - name: as_of_month
        logicalType: date
        required: true
        primaryKey: true
        classification: public
        description: First day of the month.
      - name: sales
        logicalType: integer
        required: true
        classification: public
        description: Number of sales.
      - name: amount
        logicalType: number
        physicalType: DECIMAL(38,2)
        required: true
        classification: public
        description: Sum of the sales.
    customProperties:
      - property: assay.layer
        value: gold
      - property: assay.sql
        value: shop/monthly_sales.sql
      - property: assay.inputs
        value: [shop.sales]
      - property: assay.affects
        value: same-month
      - property: assay.partitionColumn
        value: as_of_month
`;

const MONTHLY_SQL = `SELECT CAST(date_trunc('month', sold_on) AS DATE) AS as_of_month, COUNT(*) AS sales,
  CAST(SUM(amount) AS DECIMAL(38, 2)) AS amount
FROM silver.shop_sales
WHERE sold_on >= {{from_month}} AND sold_on < CAST({{to_month}} + INTERVAL '1' MONTH AS DATE)
GROUP BY CAST(date_trunc('month', sold_on) AS DATE)
`;

const HEADER = 'sale_id,customer,amount,sold_on';

/** Two good sales and one of each: wrong type, no such day, too many fields, a repeat. */
export const MIXED_SALES = `${HEADER}
1,Ann,10.00,2024-01-02
2,Bob,x,2024-01-03
3,Eve,12.50,2024-02-30
4,Dan,1.50,2024-01-05,
1,Ann,10.00,2024-01-02
6,=cmd(),2.00,2024-02-01
`;

/** Sales without a flaw: one a number, 1.25 each, in March 2024. */
export function goodSales(first: number, last: number): string {
  const lines = [HEADER];
  for (let n = first; n <= last; n++) lines.push(`${n},"Customer, ${n}",1.25,2024-03-0${(n % 9) + 1}`);
  return `${lines.join('\n')}\n`;
}

/** Sales whose amount is no number: one a number, from `first` up to, not including, `end`; then other lines. */
export function badSales(first: number, end: number, more = ''): string {
  const lines = [HEADER];
  for (let n = first; n < end; n++) lines.push(`${n},"Customer, ${n}",x,2024-03-0${(n % 9) + 1}`);
  return `${lines.join('\n')}\n${more}`;
}

/** A folder with contracts, Gold SQL and a lake. */
export interface Shop {
  readonly cwd: string;
  write(file: string, text: string | Uint8Array): Promise<string>;
  dispose(): Promise<void>;
}

/** A shop that was made once, and can be put back as it was then. */
export async function keepShop(shop: Shop): Promise<{ putBack(): Promise<void>; dispose(): Promise<void> }> {
  const kept = `${shop.cwd}-kept`;
  await cp(shop.cwd, kept, { recursive: true, preserveTimestamps: true });
  return {
    async putBack() {
      await rm(shop.cwd, { recursive: true, force: true });
      await cp(kept, shop.cwd, { recursive: true, preserveTimestamps: true });
    },
    async dispose() {
      await rm(kept, { recursive: true, force: true });
      await shop.dispose();
    },
  };
}

/** A folder with contracts, Gold SQL and an empty lake in `lake`. */
export async function openShop(limits?: string): Promise<Shop> {
  const { folder, dispose } = await tempFolder();
  const write = async (file: string, text: string | Uint8Array): Promise<string> => {
    const target = path.join(folder, file);
    await mkdir(path.dirname(target), { recursive: true });
    await writeFile(target, text);
    return target;
  };
  await write('contracts/shop/sales.yaml', salesContract(limits));
  await write('contracts/shop/monthly_sales.yaml', MONTHLY);
  await write('sql/gold/shop/monthly_sales.sql', MONTHLY_SQL);
  await initLake(path.join(folder, 'lake'));
  return { cwd: folder, write, dispose };
}
