import { afterEach, expect, test } from '@jest/globals';
import { goldOfRun } from '../../etl/operations/gold-of-run.ts';
import type { Effects, SetQuery } from '../../etl/ports.ts';
import { openTable } from '../../etl/table/lake-table.ts';
import { currentSnapshot } from '../../etl/table/metadata.ts';
import { readPointer } from '../../etl/table/pointer.ts';
import { endStaging } from '../../etl/tending/end-staging.ts';
import { contractText, PAYMENTS } from '../stages/contract-text.ts';
import { type TestLake, testLake } from '../stages/harness.ts';
import { duckSets } from '../support/duck-sets.ts';

/** A refresh that a set engine computes: the same SQL, asked elsewhere, and everything behind it as it was. */

const gold = (name: string, more: Readonly<Record<string, unknown>> = {}): string =>
  contractText({
    dataset: `shop.${name}`,
    partitionColumn: 'month',
    columns: [
      { name: 'month', type: 'date', required: true, key: true },
      { name: 'total', type: 'number', physicalType: 'DECIMAL(38,2)', more },
    ],
    assay: { layer: 'gold', sql: `shop/${name}.sql`, inputs: ['shop.payments'], affects: 'same-month' },
  });
const sql = (total: string): string =>
  `SELECT CAST(date_trunc('month', paid_on) AS DATE) AS month, CAST(${total} AS DECIMAL(38,2)) AS total FROM silver.shop_payments
   WHERE paid_on >= {{from_month}} AND paid_on < CAST({{to_month}} + INTERVAL '1' MONTH AS DATE) GROUP BY CAST(date_trunc('month', paid_on) AS DATE)`;
const file = (...rows: string[]): string => `id,paid_on,amount,note\n${rows.join('\n')}\n`;

let lake: TestLake;
let asked: SetQuery[];
afterEach(() => lake.dispose());

async function open(fromBytes: number, more: Readonly<Record<string, unknown>> = {}): Promise<void> {
  asked = [];
  const wrap = (effects: Effects): Effects => {
    const engine = duckSets(effects);
    const select: typeof engine.select = (query) => {
      if (query.token.startsWith('shop.')) asked.push(query);
      return engine.select(query);
    };
    return { ...effects, sets: { engine: { ...engine, select }, fromBytes } };
  };
  lake = await testLake({
    contracts: [contractText({ ...PAYMENTS, dataset: 'shop.payments' }), gold('sums', more), gold('means')],
    sql: { 'shop/sums.sql': sql('SUM(amount)'), 'shop/means.sql': sql('AVG(amount)') },
    wrap,
  });
}
const figures = async (table: string): Promise<string[]> =>
  (await lake.gold(`shop.${table}`))
    .map(({ month, total }) => `${String(month).slice(0, 7)} ${total}`)
    .sort();
async function computedBy(table: string): Promise<string | undefined> {
  const { objects } = lake.lake.effects;
  const state = (await readPointer(objects, 'gold', `shop.${table}`))?.pointer.tables.gold;
  if (state === undefined) throw new Error(`no ${table}`);
  return currentSnapshot((await openTable(objects, state)).metadata)?.summary['assay.engine'];
}

const FIRST = file('1,2024-01-05,1.00,a', '2,2024-02-05,2.00,a', '3,2024-04-05,4.00,a');
const SECOND = file('4,2024-01-06,0.50,a', '5,2024-04-06,8.00,b');
const SUMS = ['2024-01 1.5', '2024-02 2', '2024-04 12'];

test('months are asked for where the SQL is portable, range by range; the rest is made by DuckDB', async () => {
  await open(0);
  const { record: first } = await lake.dropAndRun({ 'a.csv': FIRST });
  const { record: second } = await lake.dropAndRun({ 'b.csv': SECOND });
  expect(await figures('sums')).toEqual(SUMS);
  expect(await figures('means')).toEqual(['2024-01 0.75', '2024-02 2', '2024-04 6']);
  const questions = asked.filter(({ token }) => token.startsWith('shop.sums/'));
  // January, February and April; then January and April.
  expect(questions).toHaveLength(4);
  expect(new Set(questions.map(({ into }) => into)).size).toBe(4);
  for (const { into } of questions)
    expect(into).toMatch(/^ops\/staging\/shop\/payments\/[^/]+\/sets\/gold-shop\.sums-/);
  expect(asked.some(({ token }) => token.startsWith('shop.means/'))).toBe(false);
  // Answers go with what their runs staged.
  const { effects } = lake.lake;
  await endStaging(effects, 'shop.payments', { graceMs: -86_400_000, most: 1_000 });
  expect(await effects.objects.list('ops/staging/')).toEqual([]);
  expect([await computedBy('sums'), await computedBy('means')]).toEqual(['trino', undefined]);
  for (const run of [first, second]) {
    const made = run === undefined ? [] : await goldOfRun(lake.lake.effects, run);
    expect(made.map(({ table, isMade, engine }) => [table, isMade, engine])).toEqual([
      ['gold.shop_means', run === second, 'duckdb'],
      ['gold.shop_sums', run === second, 'trino'],
    ]);
  }
});

test('files smaller than the engine is for are read by DuckDB', async () => {
  await open(1_000_000_000);
  await lake.dropAndRun({ 'a.csv': FIRST });
  await lake.dropAndRun({ 'b.csv': SECOND });
  expect(await figures('sums')).toEqual(SUMS);
  expect(asked).toEqual([]);
  expect(await computedBy('sums')).toBeUndefined();
});

test('what it answers is held to the contract as any other', async () => {
  await open(0, { logicalTypeOptions: { maximum: 10 } });
  await lake.dropAndRun({ 'a.csv': FIRST });
  const before = await figures('sums');
  await expect(lake.dropAndRun({ 'b.csv': SECOND })).rejects.toMatchObject({
    code: 'GOLD_BREAKS_CONTRACT',
    message: expect.stringContaining("1 row breaks the rule 'range' of total (the first: month 2024-04-01)"),
  });
  expect(await figures('sums')).toEqual(before);
});
