import { afterEach, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Effects } from '../../etl/ports.ts';
import { contractText, NO_LIMITS } from '../stages/contract-text.ts';
import { type TestLake, testLake } from '../stages/harness.ts';
import { type CountingStores, countingStores } from '../support/counting-stores.ts';

/** Gold is made anew from the files of the months that changed, and is what all files would give. */

const SALES = contractText({
  dataset: 'shop.sales',
  columns: [
    { name: 'id', key: true },
    { name: 'shop', required: true },
    { name: 'sold_on', type: 'date', required: true },
    { name: 'amount', type: 'integer', required: true },
  ],
  partitionColumn: 'sold_on',
  assay: { limits: NO_LIMITS },
});
/** A lookup: what it says of a shop holds for sales of any month. */
const SHOPS = contractText({
  dataset: 'shop.shops',
  columns: [
    { name: 'shop', key: true },
    { name: 'town', required: true },
    { name: 'opened_on', type: 'date', required: true },
  ],
  partitionColumn: 'opened_on',
  assay: { limits: NO_LIMITS },
});
const gold = (name: string, affects: string, inputs: string[]): string =>
  contractText({
    dataset: `shop.${name}`,
    columns: [
      { name: 'month', type: 'date', key: true },
      { name: 'town', key: true },
      { name: 'amount', type: 'number', physicalType: 'DECIMAL(38,0)', required: true },
    ],
    partitionColumn: 'month',
    assay: { layer: 'gold', sql: `shop/${name}.sql`, inputs, affects },
  });
const MONTH = "CAST(date_trunc('month', s.sold_on) AS DATE)";
const SQL = {
  'shop/by_town.sql': `SELECT ${MONTH} AS month, o.town, CAST(SUM(s.amount) AS DECIMAL(38, 0)) AS amount
    FROM silver.shop_sales AS s JOIN silver.shop_shops AS o ON o.shop = s.shop
    WHERE s.sold_on >= {{from_month}} AND s.sold_on < CAST({{to_month}} + INTERVAL '1' MONTH AS DATE)
    GROUP BY ${MONTH}, o.town`,
};

let lake: TestLake;
afterEach(() => lake.dispose());

async function open(): Promise<CountingStores> {
  let stores: CountingStores | undefined;
  lake = await testLake({
    contracts: [SALES, SHOPS, gold('by_town', 'same-month', ['shop.sales', 'shop.shops'])],
    sql: SQL,
    wrap: (effects: Effects): Effects => {
      stores = countingStores(effects.objects, effects.data);
      return { ...effects, objects: stores.objects, data: stores.data };
    },
  });
  if (stores === undefined) throw new Error('nothing was wrapped');
  return stores;
}

interface Sale {
  readonly month: number;
  readonly shop: number;
  readonly amount: number;
}
const monthText = (month: number): string => `2024-${String(month).padStart(2, '0')}`;
const day = ({ month }: Sale): string => `${monthText(month)}-15`;
const TOWNS = ['Leeds', 'York', 'Hull'];
let sold = 0;
/** Every sale's id comes after those before it, as texts go: no earlier file is read to look for repeats of a key. */
const nextId = (): string => String(++sold).padStart(9, '0');
const csv = (sales: readonly Sale[]): string =>
  `id,shop,sold_on,amount\n${sales.map((sale) => `${nextId()},${sale.shop},${day(sale)},${sale.amount}\n`).join('')}`;
// Opened long before any sale: in months of its own.
const shops = `shop,town,opened_on\n${TOWNS.map((town, n) => `${n},${town},20${10 + n}-05-01\n`).join('')}`;

/** What Gold must be, added up here. */
function expected(sales: readonly Sale[]): string[] {
  const sums = new Map<string, number>();
  for (const { month, shop, amount } of sales) {
    const key = `${monthText(month)}-01 ${TOWNS[shop]}`;
    sums.set(key, (sums.get(key) ?? 0) + amount);
  }
  return [...sums].map(([key, sum]) => `${key} ${sum}`).sort();
}
const dateOf = (value: unknown): string =>
  (value instanceof Date ? value.toISOString() : String(value)).slice(0, 10);
const published = async (): Promise<string[]> =>
  (await lake.gold('shop.by_town')).map((row) => `${dateOf(row.month)} ${row.town} ${row.amount}`).sort();

/** Months of the Silver files of a dataset that were handed to DuckDB, in the order of the calendar. */
const monthsOf = ({ calls }: CountingStores, dataset: string): string[] =>
  [
    ...new Set(
      calls.flatMap(({ call, key }) => {
        const found = new RegExp(`^silver/${dataset}/.*year=(\\d+)/month=(\\d+)/`).exec(key);
        return call === 'localPath' && found !== null ? [`${found[1]}-${found[2]}`] : [];
      }),
    ),
  ].sort();

test('a drop of one month reads that month of what the SQL restricts, and the lookup whole', async () => {
  const stores = await open();
  await lake.dropAndRun({ 'shops.csv': shops }, 'shop.shops');
  const old = [1, 2, 3, 4, 5, 6].map((month) => ({ month, shop: month % 3, amount: month }));
  await lake.dropAndRun({ 'old.csv': csv(old) });
  const late = [{ month: 3, shop: 1, amount: 100 }];
  await lake.drop({ 'late.csv': csv(late) });
  stores.reset();
  await lake.run();
  expect(monthsOf(stores, 'shop/sales')).toEqual(['2024-03']);
  expect(monthsOf(stores, 'shop/shops')).toEqual(['2010-05', '2011-05', '2012-05']);
  expect(await published()).toEqual(expected([...old, ...late]));
});

const sale = fc.record({
  month: fc.integer({ min: 1, max: 9 }),
  shop: fc.integer({ min: 0, max: TOWNS.length - 1 }),
  amount: fc.integer({ min: -50, max: 50 }),
});

test('after any drops, Gold is what a computation over everything gives, and read no other month', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(sale, { minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 4 }),
      async (drops) => {
        const stores = await open();
        try {
          await lake.dropAndRun({ 'shops.csv': shops }, 'shop.shops');
          for (const [n, sales] of drops.entries()) {
            await lake.drop({ [`${n}.csv`]: csv(sales) });
            stores.reset();
            await lake.run();
            expect(monthsOf(stores, 'shop/sales')).toEqual(
              [...new Set(sales.map(({ month }) => monthText(month)))].sort(),
            );
            expect(await published()).toEqual(expected(drops.slice(0, n + 1).flat()));
          }
        } finally {
          await lake.dispose();
        }
      },
    ),
    { numRuns: 3 },
  );
});
