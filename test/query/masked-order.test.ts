import path from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Lake, openLake } from '../../adapters/local/lake.ts';
import type { Classification } from '../../etl/contract/contract.ts';
import { withScratchEngine } from '../../etl/engine/with-scratch-engine.ts';
import type { Reader } from '../../etl/query/reader.ts';
import { runQuery } from '../../etl/query/run-query.ts';
import { runMain } from '../cli/run-main.ts';
import { openShop, type Shop } from '../cli/shop.ts';
import { openService } from '../service/open-service.ts';

/** Values that a reader may not see are not told in other ways: by a record's hash, by the order of rows, by what was restated. */

const GOLD = `apiVersion: v3.1.0
kind: DataContract
id: urn:assay:contract:shop.by_customer
domain: shop
name: by_customer
version: 1.0.0
status: active
team: { name: finance }
description: { purpose: Sales by customer. }
schema:
  - name: by_customer
    physicalType: table
    properties:
      - { name: as_of_month, logicalType: date, required: true, primaryKey: true, primaryKeyPosition: 1, classification: public, description: Month. }
      - { name: customer, logicalType: string, required: true, primaryKey: true, primaryKeyPosition: 2, classification: personal, description: Who. }
      - { name: amount, logicalType: number, physicalType: "DECIMAL(38,2)", required: true, classification: public, description: Sum. }
    customProperties:
      - { property: assay.layer, value: gold }
      - { property: assay.sql, value: shop/by_customer.sql }
      - { property: assay.inputs, value: [shop.sales] }
      - { property: assay.affects, value: same-month }
      - { property: assay.partitionColumn, value: as_of_month }
`;
const SQL = `SELECT CAST(date_trunc('month', sold_on) AS DATE) AS as_of_month, customer, CAST(SUM(amount) AS DECIMAL(38, 2)) AS amount
FROM silver.shop_sales WHERE sold_on >= {{from_month}} AND sold_on < CAST({{to_month}} + INTERVAL '1' MONTH AS DATE)
GROUP BY 1, 2
`;
const NAMES = [...'abcdefghijklmnopqrst'];

let shop: Shop;
let lake: Lake;
beforeAll(async () => {
  shop = await openShop();
  await shop.write('contracts/shop/by_customer.yaml', GOLD);
  await shop.write('sql/gold/shop/by_customer.sql', SQL);
  await drop(
    'a.csv',
    ...NAMES.map((name, n) => `${n},${name},${n + 1}.00,2024-01-02`),
    'bad,zz,x,2024-01-02',
  );
  await drop('late.csv', '100,b,5.00,2024-01-03');
  lake = await openLake(path.join(shop.cwd, 'lake'), {
    contractsDir: path.join(shop.cwd, 'contracts'),
    sqlDir: path.join(shop.cwd, 'sql/gold'),
    threads: 1,
  });
});
afterAll(() => shop.dispose());

async function drop(name: string, ...lines: string[]): Promise<void> {
  await shop.write(name, `sale_id,customer,amount,sold_on\n${lines.join('\n')}\n`);
  await runMain(['ingest', name, '--dataset', 'shop.sales'], shop);
  expect((await runMain(['run'], shop)).code).toBe(0);
}

const reader = (...hidden: Classification[]): Reader => ({
  schemas: new Set(['silver', 'gold', 'quarantine', 'condemned']),
  ops: new Set(['restatements', 'quarantine', 'runs']),
  hidden: new Set(hidden),
});
const rows = (sql: string, who: Reader): Promise<readonly unknown[][]> =>
  withScratchEngine(lake.effects, 'test', async (engine) =>
    (await runQuery(engine, lake.effects, { sql, asOf: { kind: 'now' }, reader: who })).rows(0, 1000),
  );

test('a record’s hash is hidden where a value of the record is, and open quarantine is told all the same', async () => {
  for (const table of ['silver.shop_sales', 'quarantine.shop_sales', 'ops.quarantine']) {
    expect(await rows(`SELECT DISTINCT row_hash FROM ${table}`, reader('personal'))).toEqual([['•••']]);
    const [[hash] = []] = await rows(`SELECT row_hash FROM ${table}`, reader());
    expect(hash).toMatch(/^[0-9a-f]{64}$/);
  }
  const open = 'SELECT is_open, record FROM ops.quarantine';
  expect(await rows(open, reader('personal'))).toEqual([[true, '•••']]);
  expect(await rows(open, reader())).toEqual([[true, expect.stringContaining('zz')]]);
});

test('rows of Gold do not lie in the order of a hidden key', async () => {
  const amounts = 'SELECT amount FROM gold.shop_by_customer';
  const known = (await rows(`${amounts} ORDER BY customer`, reader())).flat();
  expect(known).toHaveLength(NAMES.length);
  const seen = (await rows(amounts, reader('personal'))).flat();
  expect([...seen].sort()).toEqual([...known].sort());
  expect(seen).not.toEqual(known);
  // The same each time: pages go on where the one before ended.
  expect((await rows(amounts, reader('personal'))).flat()).toEqual(seen);
});

test('what was restated tells no hidden value, and tells the others', async () => {
  const restated = 'SELECT dataset, key, "column", old_value, new_value FROM ops.restatements ORDER BY ALL';
  const all = await rows(restated, reader());
  expect(all).toContainEqual(['shop.by_customer', expect.stringContaining('"b"'), 'amount', '2.00', '7.00']);
  const seen = await rows(restated, reader('personal'));
  expect(seen).toContainEqual(['shop.by_customer', '•••', 'amount', '2.00', '7.00']);
  expect(JSON.stringify(seen)).not.toContain('"b');
  const monthly = all.filter(([dataset]) => dataset === 'shop.monthly_sales');
  expect(monthly.length).toBeGreaterThan(0);
  expect(seen.filter(([dataset]) => dataset === 'shop.monthly_sales')).toEqual(monthly);
});

test('rows are not chosen by what is hidden, and changes do not come in its order', async () => {
  const [service, finance] = await Promise.all([
    openService(shop.cwd, { roles: ['analyst'] }),
    openService(shop.cwd, { roles: ['finance'] }),
  ]);
  const lines = '/v1/reports/shop.by_customer/lines?as_of_month=2024-01-01&customer=b';
  expect((await finance.ask(lines)).status).toBe(200);
  for (const at of [lines, lines.replace('=b', '=nobody'), '/reports/shop.by_customer/lines?k.customer=b']) {
    const answer = await service.ask(at);
    expect([at, answer.status]).toEqual([at, 400]);
    expect(await answer.text()).toContain("Rows can't be chosen by customer");
  }
  const since = encodeURIComponent('2024-01-01T00:00:00Z');
  for (const [one, isSorted] of [
    [finance, true],
    [service, false],
  ] as const) {
    const states = (await one.json('/v1/datasets/shop.by_customer/snapshots')) as {
      snapshots: { snapshotId: number }[];
    };
    const first = states.snapshots.at(-1)?.snapshotId;
    const found = (await one.json(`/v1/reports/shop.by_customer/changes?since=${first ?? since}`)) as {
      keys: { key: { customer: string } }[];
    };
    expect(found.keys.map(({ key }) => key.customer)).toEqual(isSorted ? ['b'] : ['•••']);
  }
  await Promise.all([service.close(), finance.close()]);
});
