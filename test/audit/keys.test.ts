import { afterEach, expect, test } from '@jest/globals';
import type { DatasetAudit } from '../../etl/audit/audit-dataset.ts';
import type { SetQuery } from '../../etl/ports.ts';
import { contractText, NO_LIMITS } from '../stages/contract-text.ts';
import { type TestLake, testLake } from '../stages/harness.ts';
import { duckSets } from '../support/duck-sets.ts';
import { auditsBy, openBlindLake } from './blind-lake.ts';

/** Rows of Silver that share a key, which a set engine that found nothing once let in: the audit finds them, by whomever it asks. */

const SALES = 'shop.sales';
const TOTALS = 'shop.totals';
const contracts = [
  contractText({
    dataset: SALES,
    columns: [
      { name: 'id', key: true },
      { name: 'line', type: 'integer', key: true },
      { name: 'sold_on', type: 'date', required: true },
      { name: 'amount', type: 'number', physicalType: 'DECIMAL(18,2)', required: true },
    ],
    partitionColumn: 'sold_on',
    assay: { limits: NO_LIMITS },
  }),
  contractText({
    dataset: TOTALS,
    columns: [
      { name: 'month', type: 'date', required: true, key: true },
      { name: 'total', type: 'number', physicalType: 'DECIMAL(38,2)', required: true },
    ],
    partitionColumn: 'month',
    assay: { layer: 'gold', sql: 'shop/totals.sql', inputs: [SALES], affects: 'same-month' },
  }),
];
const sql = {
  'shop/totals.sql': `SELECT CAST(date_trunc('month', sold_on) AS DATE) AS month, CAST(SUM(amount) AS DECIMAL(38,2)) AS total FROM silver.shop_sales
   WHERE sold_on >= {{from_month}} AND sold_on < CAST({{to_month}} + INTERVAL '1' MONTH AS DATE) GROUP BY CAST(date_trunc('month', sold_on) AS DATE)`,
};
const file = (...rows: string[]): string => `id,line,sold_on,amount\n${rows.join('\n')}\n`;
const ONE = file('a,1,2024-01-05,1.00', 'a,2,2024-01-05,2.00', 'b,1,2024-02-05,4.00');
const TWO = file('c,1,2024-01-07,8.00', 'a,2,2024-03-05,16.00', 'b,1,2024-02-05,32.00');

let lake: TestLake;
let asked: SetQuery[] = [];
afterEach(() => lake.dispose());

async function audits(fromBytes: number | undefined): Promise<DatasetAudit[]> {
  asked = [];
  if (fromBytes === undefined) return await auditsBy(lake, [SALES, TOTALS]);
  return await auditsBy(lake, [SALES, TOTALS], (effects) => {
    const engine = duckSets(effects);
    const select: typeof engine.select = (query) => {
      asked.push(query);
      return engine.select(query);
    };
    return { engine: { ...engine, select }, fromBytes };
  });
}

test('keys that stand twice are told with their place, the same by DuckDB and by a set engine', async () => {
  lake = await openBlindLake({ contracts, sql, files: [ONE, TWO] });
  expect(await lake.rows('silver')).toHaveLength(6);
  const [sales, totals] = await audits(undefined);
  expect(sales?.problems).toEqual([
    {
      ...{ code: 'DUPLICATE', key: 'silver.shop_sales' },
      problem: expect.stringMatching(
        /^4 rows share 2 keys \(id, line\); the first is record 2 of bronze\/shop\/sales\/.*0\.csv$/,
      ),
    },
  ]);
  expect([totals?.problems, sales?.engine, totals?.engine]).toEqual([[], undefined, undefined]);
  const before = await lake.lake.effects.objects.list('');
  const bySets = await audits(0);
  expect(bySets.map(({ problems }) => problems)).toEqual([sales?.problems, totals?.problems]);
  expect(bySets.map(({ engine }) => engine)).toEqual(['trino', 'trino']);
  expect(asked.map(({ tables }) => tables.map(({ name }) => name))).toEqual([['audited'], ['shop_sales']]);
  // Its answers are gone behind it.
  expect(await lake.lake.effects.objects.list('')).toEqual(before);
  expect((await audits(1e9)).map(({ engine }) => engine)).toEqual([undefined, undefined]);
  expect(asked).toEqual([]);
});

test('a sound lake is sound by both', async () => {
  lake = await testLake({ contracts, sql });
  for (const [n, text] of [ONE, TWO].entries()) await lake.dropAndRun({ [`${n}.csv`]: text });
  expect(await lake.rows('silver')).toHaveLength(4);
  for (const fromBytes of [undefined, 0])
    expect((await audits(fromBytes)).flatMap(({ problems }) => problems)).toEqual([]);
});
