import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { initLake, openLake } from '../../adapters/local/lake.ts';
import type { Clock, Effects } from '../../etl/ports.ts';
import { tempFolder } from '../adapters/temp-folder.ts';

/** Contract of the events `orders.created`. */
export function ordersContract({ version = '3.0.0' } = {}): string {
  return `apiVersion: v3.1.0
kind: DataContract
id: urn:assay:contract:orders.created
domain: orders
name: created
version: ${version}
status: active
team:
  name: orders-team
description:
  purpose: Orders as they are placed.
schema:
  - name: created
    physicalType: table
    properties:
      - name: order_id
        logicalType: string
        required: true
        primaryKey: true
        primaryKeyPosition: 1
        classification: public
        description: The order's number.
        customProperties:
          - property: assay.path
            value: /value/order_id
      - name: customer_id
        logicalType: string
        required: true
        classification: internal
        description: Who ordered.
        customProperties:
          - property: assay.path
            value: /value/customer_id
      - name: placed_at
        logicalType: timestamp
        required: true
        classification: public
        description: When it was placed.
        customProperties:
          - property: assay.path
            value: /value/placed_at
    customProperties:
      - property: assay.format
        value: jsonl
      - property: assay.partitionColumn
        value: placed_at
`;
}

/** A lake with the contract of `orders.created`. */
export interface OrdersLake {
  readonly folder: string;
  readonly effects: Effects;
  /** Writes a contract beside or over that one. */
  contract(name: string, text: string): Promise<void>;
  dispose(): Promise<void>;
}

/** Opens a new one. */
export async function openOrders(clock?: Clock): Promise<OrdersLake> {
  const { folder, dispose } = await tempFolder();
  const [lake, contractsDir] = [path.join(folder, 'lake'), path.join(folder, 'contracts')];
  const contract = async (name: string, text: string): Promise<void> => {
    const file = path.join(contractsDir, `${name.replace('.', '/')}.yaml`);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, text);
  };
  await contract('orders.created', ordersContract());
  await initLake(lake);
  const { effects } = await openLake(lake, {
    contractsDir,
    sqlDir: path.join(folder, 'sql/gold'),
    threads: 1,
    ...(clock === undefined ? {} : { clock }),
  });
  return { folder, effects, contract, dispose };
}
