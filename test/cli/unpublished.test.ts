import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { runMain, runMainJson } from './run-main.ts';
import { badSales, goodSales, openShop, salesContract } from './shop.ts';

/** A contract that nobody can have published: another key, another measure, columns renamed, values of personal columns open. */
const EDITED = salesContract()
  .replace('version: 1.0.0', 'version: 2.0.0')
  .replaceAll('sale_id', 'number')
  .replaceAll('amount', 'gross')
  .replaceAll('sold_on', 'day')
  .replace('classification: personal', 'classification: public');

let shop: Awaited<ReturnType<typeof openShop>>;
beforeAll(async () => {
  shop = await openShop();
  await shop.write('one.csv', badSales(10, 11, goodSales(1, 3).split('\n').slice(1).join('\n')));
  expect((await runMain(['ingest', 'one.csv', '--dataset', 'shop.sales'], shop)).code).toBe(0);
  expect((await runMain(['run'], shop)).code).toBe(0);
});
afterAll(() => shop.dispose());

const READS = [
  ['query', 'SELECT * FROM silver.shop_sales ORDER BY ALL'],
  ['query', 'SELECT * FROM gold.shop_monthly_sales'],
  ['query', 'SELECT dataset, record, reasons FROM ops.quarantine ORDER BY ALL'],
  ['report', 'shop.monthly_sales'],
  ['report', 'shop.monthly_sales', '--month', '2024-03'],
  ['lineage', 'shop.monthly_sales', 'as_of_month=2024-03-01'],
  ['snapshots', 'shop.sales'],
  ['quarantine', 'list'],
] as const;

async function readAll(): Promise<unknown[]> {
  const answers: unknown[] = [];
  for (const args of READS) answers.push((await runMainJson(args, shop)).json);
  return answers;
}

describe('a contract that was edited, and under which nothing was published', () => {
  test('changes nothing of what readers see, neither a dataset’s nor a Gold table’s', async () => {
    const before = await readAll();
    expect(before[0]).toHaveLength(3);
    expect(before[6]).toHaveLength(1);
    expect(JSON.stringify(before)).not.toContain('"error"');
    const gold = await readFile(path.join(shop.cwd, 'contracts/shop/monthly_sales.yaml'), 'utf8');
    await shop.write('contracts/shop/sales.yaml', EDITED);
    await shop.write(
      'contracts/shop/monthly_sales.yaml',
      gold.replaceAll('as_of_month', 'month').replace('version: 1.0.0', 'version: 2.0.0'),
    );
    try {
      expect(await readAll()).toEqual(before);
      const tried = (await runMainJson(['contracts', 'try', 'contracts/shop/sales.yaml'], shop)).json;
      expect(tried).toMatchObject({ from: '1.0.0', to: '2.0.0', comparison: { compatible: false } });
    } finally {
      await shop.write('contracts/shop/sales.yaml', salesContract());
      await shop.write('contracts/shop/monthly_sales.yaml', gold);
    }
  });

  test('is not needed to read what was published: its text is kept under the digest that the ledger names', async () => {
    const [digest] = await ledgerDigests();
    const kept = path.join(shop.cwd, 'lake/ops/contracts/shop/sales', `${digest}.yaml`);
    expect(await readFile(kept, 'utf8')).toBe(salesContract());
    const gold = await readdir(path.join(shop.cwd, 'lake/ops/contracts/shop/monthly_sales'));
    expect(gold.map((name) => path.extname(name)).sort()).toEqual(['.json', '.sql', '.yaml']);
    const sql = gold.find((name) => name.endsWith('.sql')) ?? '';
    expect(await readFile(path.join(shop.cwd, 'lake/ops/contracts/shop/monthly_sales', sql), 'utf8')).toBe(
      await readFile(path.join(shop.cwd, 'sql/gold/shop/monthly_sales.sql'), 'utf8'),
    );
  });
});

/** Digests of the contracts that the ledger names, as hyparquet reads its files. */
async function ledgerDigests(): Promise<string[]> {
  const root = path.join(shop.cwd, 'lake/ops/source_files/shop/sales');
  const names = await readdir(root, { recursive: true });
  const digests: string[] = [];
  for (const name of names.filter((one) => one.endsWith('.parquet'))) {
    const file = await asyncBufferFromFile(path.join(root, name));
    const rows = await parquetReadObjects({ file, compressors });
    digests.push(...rows.map((row) => String(row.contract_digest)));
  }
  return digests;
}
