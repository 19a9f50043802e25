import { readFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { testLake } from '../stages/harness.ts';

test('the example’s figures follow its files when they come one by one', async () => {
  const read = (file: string): Promise<string> => readFile(`examples/shop/${file}`, 'utf8');
  const lake = await testLake({
    contracts: [
      await read('contracts/shop/customers.yaml'),
      await read('contracts/shop/monthly_changes.yaml'),
    ],
    sql: { 'shop/monthly_changes.sql': await read('sql/gold/shop/monthly_changes.sql') },
    vault: true,
    startAt: '2026-11-29T06:00:00.000Z',
  });
  for (const month of ['2026-08', '2026-09', '2026-10']) {
    const { record } = await lake.dropAndRun({ 'file.csv': await read(`customers/${month}.csv`) });
    expect(record).toMatchObject({ status: 'promoted' });
  }
  const [silver, gold] = [await lake.rows('silver'), await lake.gold('shop.monthly_changes')];
  const customers = gold.reduce((sum, row) => sum + Number(row.customers), 0);
  expect(customers).toBe(silver.length);
  expect(new Set(gold.map(({ month }) => String(month))).size).toBe(3);
  await lake.dispose();
});
