import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { runMain, runMainJson } from './run-main.ts';
import { ErrorJson, LineageJson, QuarantineListJson } from './shapes.ts';
import { keepShop, openShop, type Shop } from './shop.ts';

/** Two lines in one value, a blank line, a record that is broken and one that fails: the lines are not the records. */
const SALES = `sale_id,customer,amount,sold_on
1,"Ann
Smith",10.00,2024-01-02

2,Bob,x,2024-01-03
3,Eve,1.00,2024-01-03,too,many
4,Dan,2.50,2024-01-09
5,Joe,7.00,2024-02-01
`;

let shop: Shop;
let kept: Awaited<ReturnType<typeof keepShop>>;
beforeAll(async () => {
  shop = await openShop();
  await publish('sales.csv', SALES);
  kept = await keepShop(shop);
});
beforeEach(() => kept.putBack());
afterAll(() => kept.dispose());

const publish = async (name: string, text: string) => {
  await shop.write(name, text);
  await runMain(['ingest', name, '--dataset', 'shop.sales'], shop);
  await runMain(['run'], shop);
};
const lineage = async (...args: string[]) => {
  const { code, json } = await runMainJson(['lineage', ...args], shop);
  return code === 0 ? LineageJson.parse(json) : ErrorJson.parse(json).error.code;
};

describe('lineage', () => {
  test('leads from a Gold figure over its Silver rows to their lines, through a correction, too', async () => {
    const list = QuarantineListJson.parse((await runMainJson(['quarantine', 'list'], shop)).json)[0]?.records;
    const id = list?.find(({ reasons }) => reasons[0]?.code === 'TYPE_ERROR')?.record ?? '';
    await runMain(
      ['quarantine', 'correct', id, 'amount=4.00', '--dataset', 'shop.sales', '--reason', 'x', '--by', 'ann'],
      shop,
    );
    const found = await lineage('shop.monthly_sales', 'as_of_month=2024-01-01');
    expect(found).toMatchObject({
      figure: { as_of_month: '2024-01-01', amount: '16.50' },
      inputs: [{ dataset: 'shop.sales', rows: 3, measures: { amount: '16.50' } }],
    });
    const records = typeof found === 'string' ? [] : (found.inputs[0]?.records ?? []);
    expect(
      records.map(({ values, line, sourceRowNumber, text, retriedIn }) => [
        values.sale_id,
        values.customer,
        values.amount,
        line,
        sourceRowNumber,
        text,
        retriedIn !== null,
      ]),
    ).toEqual([
      ['1', '•••', '10.00', 2, 1, '•••', false],
      ['2', '•••', '4.00', 5, 3, '•••', true],
      ['4', '•••', '2.50', 7, 5, '•••', false],
    ]);
    const text = (await runMain(['lineage', 'shop.sales', 'sale_id=2', '--unmasked'], shop)).out;
    expect(text).toMatch(/1 row; amount 4\.00[\s\S]*sales\.csv +5 +3 +2 · Bob · 4\.00.*corrected/);
  });

  test('follows Silver rows themselves, with their text as it came', async () => {
    expect(await lineage('shop.sales', 'sale_id=4', '--unmasked')).toMatchObject({
      figure: null,
      inputs: [{ rows: 1, records: [{ line: 7, text: '4,Dan,2.50,2024-01-09', retriedIn: null }] }],
    });
  });

  test('shows what a figure was made from, where Gold has not followed Silver yet', async () => {
    const sql = path.join(shop.cwd, 'sql/gold/shop/monthly_sales.sql');
    const text = await readFile(sql, 'utf8');
    await shop.write('sql/gold/shop/monthly_sales.sql', 'SELECT nothing');
    await publish('more.csv', 'sale_id,customer,amount,sold_on\n9,Ann,100.00,2024-01-03\n');
    await shop.write('sql/gold/shop/monthly_sales.sql', text);
    expect(await lineage('shop.monthly_sales', 'as_of_month=2024-01-01')).toMatchObject({
      figure: { amount: '12.50' },
      inputs: [{ rows: 2, measures: { amount: '12.50' } }],
    });
  });

  test('says what is wrong with a row that isn’t there, or a column', async () => {
    expect(await lineage('shop.monthly_sales', 'as_of_month=2030-01-01')).toBe('NO_ROW');
    expect(await lineage('shop.monthly_sales', 'month=2030-01-01')).toBe('NO_COLUMN');
    expect(await lineage('shop.monthly_sales', 'sales=3', 'as_of_month=2024-01-01')).toBe('NO_ROW');
    await publish('more.csv', 'sale_id,customer,amount,sold_on\n8,Ann,1.00,2024-02-01\n');
    expect(await lineage('shop.monthly_sales', 'sales=2')).toBe('SEVERAL_ROWS');
    expect(await lineage('shop.monthly_sales', 'as_of_month')).toBe('USAGE');
  });
});
