import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { loadContracts } from '../../etl/contract/load-contracts.ts';
import { dataProduct, requireProduct } from '../../etl/products/data-product.ts';
import { odpsOf } from '../../etl/products/odps.ts';
import { refreshCosts } from '../../etl/products/refresh-costs.ts';
import { sampleRows } from '../../etl/products/sample-rows.ts';
import { accessOf } from '../../service/products/access-of.ts';
import { saleEvent, saleFile, salesEvents } from '../eventstore/sales.ts';
import { TOTALS_CODE } from '../projecting/sales-lake.ts';
import { contractText } from '../stages/contract-text.ts';
import { type TestLake, testLake } from '../stages/harness.ts';
import { odpsFaults } from './odps-faults.ts';

/** Totals of sales as a product, one of whose columns is personal. */
const PRODUCT = contractText({
  dataset: 'shop.totals',
  columns: [
    { name: 'sale', key: true },
    { name: 'sold', type: 'integer', required: true },
    { name: 'last_event', classification: 'personal' },
  ],
  assay: { layer: 'projection', inputs: ['shop.sales'], product: { sample: 1 } },
});

let lake: TestLake;
beforeAll(async () => {
  lake = await testLake({
    contracts: [salesEvents(), PRODUCT],
    projections: { 'shop/totals.ts': TOTALS_CODE },
  });
  await lake.dropAndRun({ 'a.csv': saleFile([saleEvent('s1', 1, 'e1'), saleEvent('s2', 1, 'e2')]) });
});
afterAll(() => lake.dispose());

test('a projection is a product as a Gold table is: descriptor, sample without personal columns, costs', async () => {
  const { effects } = lake.lake;
  const loaded = await loadContracts(effects.contracts);
  const contract = requireProduct(loaded, 'shop.totals');
  const told = dataProduct(contract, loaded, { now: effects.clock.now(), accessOf });
  expect(told).toMatchObject({
    ...{ table: 'projection.shop_totals', layer: 'projection', inputs: [{ dataset: 'shop.sales' }] },
    access: { sensitiveColumns: ['last_event'] },
  });
  expect(await odpsFaults(odpsOf(told))).toEqual([]);
  const { columns, rows } = await sampleRows(effects, contract);
  expect(columns.map(({ name }) => name)).not.toContain('last_event');
  expect(rows).toMatchObject([{ sale: 's1', sold: 1 }]);
  const costs = await refreshCosts(effects, contract, new Date(0));
  expect(costs).toMatchObject({ refreshes: 1, writtenRows: 2, readBytes: null });
  expect(costs.writtenBytes).toBeGreaterThan(0);
});
