import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { assay } from '../cli/assay.ts';
import { openShop } from '../cli/shop.ts';
import { runScript } from './support/read-tables.ts';
import { readSession } from './support/session.ts';

const READER = fileURLToPath(new URL('readers/read_sheet.py', import.meta.url));

test('openpyxl reads every row of a spreadsheet that a query wrote, each value exactly', async () => {
  const { python } = await readSession();
  const shop = await openShop();
  try {
    const sql = `SELECT range AS n, CAST('12345678901234567890.12' AS DECIMAL(38,2)) AS wide, 1.25 * range AS price,
      DATE '2024-02-29' AS day, TIMESTAMPTZ '2024-02-29 13:45:00.25+00' AS at, true AS yes, NULL AS nothing, '' AS empty,
      '=1+1 <&> ' || chr(13) || 'é😀' AS text FROM range(2414) ORDER BY n`;
    const { code } = await assay(['query', sql, '--out', 'answer.xlsx'], shop);
    expect(code).toBe(0);
    const [head, ...rows] = JSON.parse(
      await runScript(python, READER, path.join(shop.cwd, 'answer.xlsx')),
    ) as unknown[][];
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
