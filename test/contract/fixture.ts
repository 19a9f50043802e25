import { parseContract } from '../../etl/contract/parse-contract.ts';
import { ContractError } from '../../etl/contract/problems.ts';

/** A small contract that is right; line numbers in tests count in it. */
export const ORDERS = `apiVersion: v3.1.0
kind: DataContract
id: urn:test:orders
domain: shop
name: orders
version: 1.2.0
team: {name: shop-data}
schema:
  - name: orders
    properties:
      - name: order_id
        logicalType: integer
        required: true
        primaryKey: true
        classification: internal
      - name: ordered_on
        logicalType: date
        required: true
        classification: public
      - name: price
        logicalType: number
        physicalType: DECIMAL(10,2)
        classification: public
      - name: status
        logicalType: string
        classification: public
      - name: email
        logicalType: string
        classification: personal
    customProperties:
      - property: assay.partitionColumn
        value: ordered_on
`;

/** A Gold contract that is right. */
export const MONTHLY = `apiVersion: v3.1.0
kind: DataContract
id: urn:test:monthly
domain: shop
name: monthly
version: 1.0.0
team: {name: shop-data}
schema:
  - name: monthly
    properties:
      - name: as_of_month
        logicalType: date
        required: true
        primaryKey: true
        classification: public
      - name: orders
        logicalType: integer
        required: true
        classification: public
    customProperties:
      - property: assay.layer
        value: gold
      - property: assay.sql
        value: shop/monthly.sql
      - property: assay.inputs
        value: [shop.orders]
      - property: assay.affects
        value: same-month
      - property: assay.partitionColumn
        value: as_of_month
`;

/** ORDERS or another text with one piece replaced; the piece must be there. */
export function edit(piece: string, by: string, text: string = ORDERS): string {
  if (!text.includes(piece)) throw new Error(`the fixture has no '${piece}'`);
  return text.replace(piece, () => by);
}

/** ORDERS with lines added to one of its columns. */
export function withColumn(name: string, ...lines: string[]): string {
  return edit(
    `- name: ${name}\n`,
    [`- name: ${name}`, ...lines.map((line) => `        ${line}`), ''].join('\n'),
  );
}

/** ORDERS with one more `assay.*` property on its schema object; its value is at line 34. */
export function withSetting(property: string, value: string): string {
  return `${ORDERS}      - property: ${property}\n        value: ${value}\n`;
}

/** ORDERS with a column's `assay.*` property. */
export function withColumnSetting(column: string, property: string, value: string): string {
  return withColumn(column, 'customProperties:', `  - property: ${property}`, `    value: ${value}`);
}

/** Every problem as `file:line: path: message`, and none for a contract that is right. */
export function problemsOf(text: string, file = 'orders.yaml'): string[] {
  try {
    parseContract(file, text);
    return [];
  } catch (error) {
    if (!(error instanceof ContractError)) throw error;
    return error.message.split('\n').slice(1);
  }
}
