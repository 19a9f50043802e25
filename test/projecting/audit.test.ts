import path from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { auditDataset } from '../../etl/audit/audit-dataset.ts';
import { expire } from '../../etl/operations/expire.ts';
import { filesOf, openTable } from '../../etl/table/lake-table.ts';
import { readPointer } from '../../etl/table/pointer.ts';
import { saleEvent, saleFile } from '../eventstore/sales.ts';
import type { TestLake } from '../stages/harness.ts';
import { forgeParquet } from '../support/forge-parquet.ts';
import { salesLake, setCode } from './sales-lake.ts';

let lake: TestLake;
beforeEach(async () => {
  lake = await salesLake();
  await lake.dropAndRun({ 'a.csv': saleFile([saleEvent('s1', 1, 'e1'), saleEvent('s2', 1, 'e3')]) });
  await lake.dropAndRun({ 'b.csv': saleFile([saleEvent('s1', 2, 'e2', '2.50')]) });
});
afterEach(() => lake.dispose());

const problems = async (): Promise<readonly unknown[]> =>
  (await auditDataset(lake.lake.effects, { dataset: 'shop.totals' })).problems;

/** Rewrites the only file of one of the projection's tables. */
async function forge(layer: 'projection' | 'projection_state', select: string): Promise<void> {
  const { objects } = lake.lake.effects;
  const state = (await readPointer(objects, 'projection', 'shop.totals'))?.pointer.tables[layer];
  if (state === undefined) throw new Error('nothing was published');
  const [file] = await filesOf(await openTable(objects, state));
  await forgeParquet(path.join(lake.lake.root, file?.key ?? ''), select, path.dirname(lake.lake.root));
}

test.each([
  [
    'row',
    'projection',
    `SELECT * REPLACE (CASE WHEN sale = 's1' THEN total * 2 ELSE total END AS total) FROM THIS`,
    '2 rows are not what its code makes of its events, first those of s1',
  ],
  [
    'state',
    'projection_state',
    `SELECT * REPLACE (replace(state, 'e2', 'e9') AS state) FROM THIS`,
    '2 states of streams are not what its code makes of their events, first those of s1',
  ],
] as const)('a %s that was changed without a trace is found', async (_, layer, select, problem) => {
  expect(await problems()).toEqual([]);
  await forge(layer, select);
  expect(await problems()).toEqual([{ code: 'PROJECTION', key: 'projection.shop_totals', problem }]);
});

test('a projection is folded anew by the code that it was published by, also where its events of then are expired', async () => {
  await setCode(lake, 'shop/totals.ts', `export const apply = () => { throw new Error('no'); };`);
  await lake.dropAndRun({ 'c.csv': saleFile([saleEvent('s2', 2, 'e4', '7.00'), saleEvent('s1', 2, 'e0')]) });
  expect(lake.alerts).toMatchObject([{ kind: 'projection-failed' }]);
  const before = lake.lake.effects.clock.now();
  await expire(lake.lake.effects, { dataset: 'shop.sales', before }, { by: 'ann', reason: 'a test' });
  expect(await problems()).toEqual([]);
});
