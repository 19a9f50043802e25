import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { assay as startAssay } from '../cli/assay.ts';
import { goodSales, openShop } from '../cli/shop.ts';
import { runScript } from './support/read-tables.ts';
import { readSession } from './support/session.ts';

const READER = fileURLToPath(new URL('readers/read_sheet.py', import.meta.url));

const sheetsOf = async (python: string, file: string) =>
  JSON.parse(await runScript(python, READER, file)) as Record<string, unknown[][]>;

/** The command in a shop's folder, with the shop's own contracts and not those that are deployed. */
const assay = (args: readonly string[], { cwd }: { readonly cwd: string }) =>
  startAssay(args, { cwd, env: { ASSAY_CONTRACTS: path.join(cwd, 'contracts') } });

test('openpyxl finds a sheet for each month of a report', async () => {
  const { python } = await readSession();
  const shop = await openShop();
  try {
    await shop.write('a.csv', `${goodSales(1, 3)}90,Ann,7.77,2024-02-01\n`);
    for (const command of ['ingest a.csv --dataset shop.sales', 'run'])
      expect((await assay(command.split(' '), shop)).code).toBe(0);
    const report = 'report monthly_sales --sheet-per-month --out sales.xlsx';
    expect((await assay(report.split(' '), shop)).code).toBe(0);
    const head = ['as_of_month', 'sales', 'amount', 'silver_snapshot_id'];
    const snapshot = expect.anything();
    const sheets = await sheetsOf(python, path.join(shop.cwd, 'sales.xlsx'));
    expect(Object.keys(sheets)).toEqual(['2024-02', '2024-03']);
    expect(sheets).toEqual({
      '2024-02': [head, ['2024-02-01T00:00:00', 1, 7.77, snapshot]],
      '2024-03': [head, ['2024-03-01T00:00:00', 3, 3.75, snapshot]],
    });
  } finally {
    await shop.dispose();
  }
});

test('openpyxl reads every row of a spreadsheet that a query wrote, each value exactly', async () => {
  const { python } = await readSession();
  const shop = await openShop();
  try {
    const sql = `SELECT range AS n, CAST('12345678901234567890.12' AS DECIMAL(38,2)) AS wide, 1.25 * range AS price,
      DATE '2024-02-29' AS day, TIMESTAMPTZ '2024-02-29 13:45:00.25+00' AS at, true AS yes, NULL AS nothing, '' AS empty,
      '=1+1 <&> ' || chr(13) || 'é😀' AS text FROM range(2414) ORDER BY n`;
    const { code } = await assay(['query', sql, '--out', 'answer.xlsx'], shop);
    expect(code).toBe(0);
    const { answer = [] } = await sheetsOf(python, path.join(shop.cwd, 'answer.xlsx'));
    const [head, ...rows] = answer;
    expect(head).toEqual(['n', 'wide', 'price', 'day', 'at', 'yes', 'nothing', 'empty', 'text']);
    const [day, at] = ['2024-02-29T00:00:00', '2024-02-29T13:45:00.250000'];
    expect(rows).toEqual(
      Array.from({ length: 2414 }, (_, n) => {
        const text = '=1+1 <&> \ré😀';
        return [n, '12345678901234567890.12', 1.25 * n, day, at, true, null, '', text];
      }),
    );
  } finally {
    await shop.dispose();
  }
});
