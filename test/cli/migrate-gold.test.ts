import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { commandsIn } from './commands-in.ts';
import { runMain } from './run-main.ts';
import { goodSales, openShop, salesContract } from './shop.ts';

let shop: Awaited<ReturnType<typeof openShop>>;
beforeAll(async () => {
  shop = await openShop();
});
afterAll(() => shop.dispose());

const { json, ok } = commandsIn(() => shop);
const query = async (sql: string, ...args: string[]) => (await json('query', sql, ...args)).json;
const read = async (file: string): Promise<string> => await readFile(path.join(shop.cwd, file), 'utf8');
const pointer = async (layer: string, name: string) =>
  JSON.parse(await read(`lake/${layer}/shop/${name}/_LATEST.json`));

const NEXT = salesContract()
  .replace('version: 1.0.0', 'version: 2.0.0')
  .replaceAll('amount', 'gross')
  .replace(
    'name: gross\n',
    'name: gross\n        customProperties: [{ property: assay.headers, value: [Amount] }]\n',
  )
  .replace('DECIMAL(18,2)', 'DECIMAL(18,3)');

describe('a Gold table that reads a migrated dataset', () => {
  test('stops the migration where it can’t be made from the new tables, and nothing changes', async () => {
    await shop.write('one.csv', goodSales(1, 4));
    expect((await runMain(['ingest', 'one.csv', '--dataset', 'shop.sales'], shop)).code).toBe(0);
    await ok('run');
    await shop.write('contracts/shop/sales.yaml', NEXT);
    const before = [await pointer('silver', 'sales'), await pointer('gold', 'monthly_sales')];
    const { code, json: printed } = await json('migrate', 'shop.sales', '--reason', 'x', '--by', 'ann');
    expect(code).not.toBe(0);
    expect(printed).toMatchObject({ run: { status: 'refused' } });
    expect(JSON.stringify(printed)).toContain('shop.monthly_sales');
    expect([await pointer('silver', 'sales'), await pointer('gold', 'monthly_sales')]).toEqual(before);
  });

  test('changes with it, columns and SQL, as a generation of its own, and says what it restated', async () => {
    const gold = await read('contracts/shop/monthly_sales.yaml');
    await shop.write(
      'contracts/shop/monthly_sales.yaml',
      gold
        .replace('version: 1.0.0', 'version: 2.0.0')
        .replace('name: sales\n        logicalType: integer', 'name: sales\n        logicalType: string')
        .replace('DECIMAL(38,2)', 'DECIMAL(38,3)'),
    );
    const sql = await read('sql/gold/shop/monthly_sales.sql');
    await shop.write(
      'sql/gold/shop/monthly_sales.sql',
      sql
        .replace('COUNT(*) AS sales', 'CAST(COUNT(*) AS VARCHAR) AS sales')
        .replace('CAST(SUM(amount) AS DECIMAL(38, 2))', 'CAST(SUM(gross) + 1 AS DECIMAL(38, 3))'),
    );
    const done = await ok('migrate', 'shop.sales', '--reason', 'gross', '--by', 'ann');
    expect(done).toMatchObject({
      run: { status: 'promoted' },
      outcome: {
        gold: [
          {
            report: 'shop.monthly_sales',
            restated: 1,
            figures: [{ month: '2024-03', column: 'amount', old: '5.000', new: '6.000' }],
            problem: null,
          },
        ],
      },
    });
    expect(await query('SELECT sales, amount FROM gold.shop_monthly_sales')).toEqual([
      { sales: '4', amount: '6.000' },
    ]);
    const now = await pointer('gold', 'monthly_sales');
    expect(now).toMatchObject({ generation: 2, contract_version: '2.0.0', generations: [{ generation: 1 }] });
    expect(now.tables.gold.metadata_key).toMatch(/^gold\/generation=2\/shop\/monthly_sales\/metadata\//);
    const [old] = (await pointer('silver', 'sales')).generations;
    // As a Silver snapshot asks for what was made from it.
    expect(
      await query('SELECT sales, amount FROM gold.shop_monthly_sales', '--as-of', String(old.snapshot_id)),
    ).toEqual([{ sales: 4, amount: '5.00' }]);
    expect(await query('SELECT old_value, new_value FROM ops.restatements')).toEqual([
      { old_value: '5.000', new_value: '6.000' },
    ]);
    expect(await ok('audit')).toMatchObject([{ problems: [] }, { problems: [] }]);
  });

  test('goes back with it, as one, and forward again', async () => {
    const silver = await pointer('silver', 'sales');
    const [old] = silver.generations;
    await ok('rollback', 'shop.sales', '--to', String(old.snapshot_id), '--reason', 'no', '--by', 'ann');
    const was = [{ amount: '5.00', sales: 4 }];
    expect(await query('SELECT sales, amount FROM gold.shop_monthly_sales')).toEqual(was);
    expect(await query('SELECT sum(amount) AS amount FROM silver.shop_sales')).toEqual([{ amount: '5.00' }]);
    expect(await pointer('silver', 'sales')).toMatchObject({ generation: 1, contract_version: '1.0.0' });
    // Runs wait for the new major version again, and leave Gold as it was.
    expect((await json('run')).json).toMatchObject([{ status: 'held' }]);
    expect(await query('SELECT sales, amount FROM gold.shop_monthly_sales')).toEqual(was);
    expect(await ok('audit')).toMatchObject([{ problems: [] }, { problems: [] }]);

    await ok('rollback', 'shop.sales', '--to', String(silver.snapshot_id), '--reason', 'yes', '--by', 'ann');
    expect(await query('SELECT sales, amount FROM gold.shop_monthly_sales')).toEqual([
      { sales: '4', amount: '6.000' },
    ]);
    expect(await pointer('silver', 'sales')).toMatchObject({
      generation: 2,
      snapshot_id: silver.snapshot_id,
    });
    await shop.write('two.csv', goodSales(5, 5));
    expect((await runMain(['ingest', 'two.csv', '--dataset', 'shop.sales'], shop)).code).toBe(0);
    expect((await json('run')).json).toMatchObject([{ status: 'promoted', counts: { silver: 1 } }]);
    expect(await query('SELECT sum(gross) AS gross FROM silver.shop_sales')).toEqual([{ gross: '6.250' }]);
  });
});
