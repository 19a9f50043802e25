import { afterEach, expect, test } from '@jest/globals';
import { loadContracts, requireSourceContract } from '../../etl/contract/load-contracts.ts';
import { askForBackfill } from '../../etl/operations/backfill.ts';
import { contractText, NO_LIMITS } from './contract-text.ts';
import { type TestLake, testLake } from './harness.ts';

/** Datasets that say nowhere when anything happened: what is right was written by hand, from when files were dropped. */

const SHOPS = contractText({
  dataset: 'shop.shops',
  partitionColumn: 'arrived_at',
  columns: [{ name: 'id', key: true }, { name: 'town' }, { name: 'staff', type: 'integer' }],
  assay: { limits: NO_LIMITS, duplicates: 'replace' },
});
const GOLD = contractText({
  dataset: 'shop.arrivals',
  partitionColumn: 'month',
  columns: [
    { name: 'month', type: 'date', key: true },
    { name: 'shops', type: 'integer' },
  ],
  assay: { layer: 'gold', sql: 'shop/arrivals.sql', inputs: ['shop.shops'], affects: 'same-month' },
});
const SQL = `SELECT CAST(date_trunc('month', CAST(arrived_at AT TIME ZONE 'UTC' AS DATE)) AS DATE) AS month, COUNT(*) AS shops
FROM silver.shop_shops
WHERE arrived_at >= CAST({{from_month}} AS TIMESTAMP WITH TIME ZONE)
  AND arrived_at < CAST({{to_month}} + INTERVAL '1' MONTH AS TIMESTAMP WITH TIME ZONE)
GROUP BY 1`;

let lake: TestLake;
afterEach(() => lake.dispose());

const rows = async (): Promise<string[]> =>
  (await lake.rows('silver'))
    .map(({ id, town, arrived_at }) => `${id} ${town} ${String(arrived_at).slice(0, 16)}`)
    .sort();
const gold = async (): Promise<string[]> =>
  (await lake.gold('shop.arrivals'))
    .map(({ month, shops }) => `${String(month).slice(0, 7)} ${shops}`)
    .sort();
const months = async (): Promise<string[]> => {
  const objects = await lake.lake.effects.objects.list('silver/shop/shops/');
  const found = objects.flatMap(({ key }) => /year=(\d+)\/month=(\d+)/.exec(key)?.slice(1).join('-') ?? []);
  return [...new Set(found)].sort();
};

test('a dataset without a date is partitioned by the month in which its files came, whenever they are read', async () => {
  lake = await testLake({ contracts: [SHOPS, GOLD], sql: { 'shop/arrivals.sql': SQL } });
  lake.setTime('2024-01-31T23:30:00Z');
  await lake.drop({ 'a.csv': 'id,town,staff\n1,Leeds,3\n2,York,4\n', 'b.csv': 'id,town,staff\n3,Hull,x\n' });
  // Read a month later, in one segment with files of that month.
  lake.setTime('2024-03-02T08:00:00Z');
  await lake.drop({ 'c.csv': 'id,town,staff\n4,Bath,5\n' });
  expect((await lake.run()).record?.counts).toMatchObject({ silver: 3, quarantined: 1 });
  expect(await rows()).toEqual([
    '1 Leeds 2024-01-31T23:30',
    '2 York 2024-01-31T23:30',
    '4 Bath 2024-03-02T08:00',
  ]);
  expect(await months()).toEqual(['2024-01', '2024-03']);
  expect(await gold()).toEqual(['2024-01 2', '2024-03 1']);
  // A row that is replaced moves to the month of the file that replaces it.
  lake.setTime('2024-04-05T08:00:00Z');
  await lake.dropAndRun({ 'd.csv': 'id,town,staff\n2,Ripon,4\n' });
  expect(await rows()).toEqual([
    '1 Leeds 2024-01-31T23:30',
    '2 Ripon 2024-04-05T08:00',
    '4 Bath 2024-03-02T08:00',
  ]);
  expect(await gold()).toEqual(['2024-01 1', '2024-03 1', '2024-04 1']);
  // Read again months later under another contract, all stay where they were.
  lake.setTime('2024-09-01T08:00:00Z');
  await lake.setContract(SHOPS.replace('"name": "town"', '"name": "town", "description": "Where"'));
  const keys = (await lake.lake.effects.objects.list('bronze/shop/shops/')).map(({ key }) => key);
  const contract = requireSourceContract(await loadContracts(lake.lake.effects.contracts), 'shop.shops');
  const { runId } = await askForBackfill(
    lake.lake.effects,
    { contract, keys },
    { by: 'ann', reason: 'town' },
  );
  expect((await lake.runAs(runId)).status).toBe('promoted');
  expect(await rows()).toEqual([
    '1 Leeds 2024-01-31T23:30',
    '2 Ripon 2024-04-05T08:00',
    '4 Bath 2024-03-02T08:00',
  ]);
});

test('a column of its own called arrived_at partitions a table as any other', async () => {
  const own = contractText({
    dataset: 'shop.shops',
    partitionColumn: 'arrived_at',
    columns: [
      { name: 'id', key: true },
      { name: 'arrived_at', type: 'date', required: true },
    ],
    assay: { limits: NO_LIMITS },
  });
  lake = await testLake({ contracts: [own] });
  await lake.dropAndRun({ 'a.csv': 'id,arrived_at\n1,2020-05-06\n' });
  expect((await lake.rows('silver')).map(({ arrived_at }) => String(arrived_at).slice(0, 10))).toEqual([
    '2020-05-06',
  ]);
});
