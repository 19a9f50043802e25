import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { askForMigration } from '../../etl/operations/migrate.ts';
import { rollBack } from '../../etl/operations/roll-back.ts';
import { readPointer } from '../../etl/table/pointer.ts';
import { type ContractToWrite, contractText, NO_LIMITS } from '../stages/contract-text.ts';
import { type TestLake, testLake } from '../stages/harness.ts';

const orders = (version: string, scale: number): string =>
  contractText({
    dataset: 'shop.orders',
    version,
    partitionColumn: 'day',
    columns: [
      { name: 'id', key: true },
      { name: 'day', type: 'date', required: true },
      { name: 'amount', type: 'number', physicalType: `DECIMAL(9,${scale})`, required: true },
    ],
    assay: { limits: NO_LIMITS },
  });
const GOLD: ContractToWrite = {
  dataset: 'shop.totals',
  partitionColumn: 'month',
  columns: [
    { name: 'month', type: 'date', required: true, key: true },
    { name: 'amount', type: 'number', physicalType: 'DECIMAL(38,2)' },
  ],
  assay: { layer: 'gold', sql: 'shop/totals.sql', inputs: ['shop.orders'], affects: 'same-month' },
};
const SQL = `SELECT CAST(date_trunc('month', day) AS DATE) AS month, CAST(sum(amount) AS DECIMAL(38,2)) AS amount
  FROM silver.shop_orders WHERE day >= {{from_month}} AND day < {{to_month}} + INTERVAL '1' MONTH GROUP BY 1`;

let lake: TestLake;
beforeAll(async () => {
  lake = await testLake({
    contracts: [orders('1.0.0', 2), contractText(GOLD)],
    sql: { 'shop/totals.sql': SQL },
  });
});
afterAll(() => lake.dispose());

test('a Gold table whose SQL reads both generations goes back and forth with its input', async () => {
  const { effects } = lake.lake;
  const word = { by: 'ada', reason: 'three decimals' };
  const snapshot = async () =>
    (await readPointer(effects.objects, 'silver', 'shop.orders'))?.pointer.snapshot_id ?? 0;
  const total = async () => (await lake.gold('shop.totals')).map(({ amount }) => String(amount));
  await lake.dropAndRun({ 'a.csv': 'id,day,amount\n1,2024-01-05,1.25\n' }, 'shop.orders');
  const before = await snapshot();
  await lake.setContract(orders('2.0.0', 3));
  const { runId } = await askForMigration(effects, 'shop.orders', { ...word, acceptLosses: false });
  expect((await lake.runAs(runId)).status).toBe('promoted');
  await lake.dropAndRun({ 'b.csv': 'id,day,amount\n2,2024-01-06,2.125\n' }, 'shop.orders');
  expect(await total()).toEqual(['3.38']);
  const after = await snapshot();
  await rollBack(effects, { dataset: 'shop.orders', to: before }, word);
  expect(await total()).toEqual(['1.25']);
  await rollBack(effects, { dataset: 'shop.orders', to: after }, word);
  expect(await total()).toEqual(['3.38']);
});
