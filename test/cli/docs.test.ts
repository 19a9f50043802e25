import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { tempFolder } from '../adapters/temp-folder.ts';
import { runMain, runMainJson } from './run-main.ts';

/** Writes every file that the page shows, under the name on its first line, and the CSV as orders.csv. */
async function writeShown(page: string, folder: string): Promise<void> {
  for (const [, kind, file, text = ''] of page.matchAll(
    /^```(\w+)\n(?:(?:#|--) (\S+)\n)?([\s\S]*?)^```$/gm,
  )) {
    const name = kind === 'csv' ? 'orders.csv' : file;
    if (name === undefined || !/^(orders\.csv|contracts\/.*|sql\/.*)$/.test(name)) continue;
    await mkdir(path.dirname(path.join(folder, name)), { recursive: true });
    await writeFile(path.join(folder, name), text);
  }
}

describe('docs/contracts.md, followed word by word', () => {
  test('gives a dataset and a Gold table from nothing', async () => {
    const page = await readFile('docs/contracts.md', 'utf8');
    const { folder: cwd, dispose } = await tempFolder();
    await writeShown(page, cwd);
    const shell = /^```sh\n([\s\S]*?)^```$/m.exec(page)?.[1] ?? '';
    const commands = shell.trim().split('\n');
    expect(commands).toHaveLength(4);
    for (const command of commands) {
      const { code, err } = await runMain(command.split(' ').slice(2), { cwd });
      expect({ command, code, err }).toEqual({ command, code: 0, err: '' });
    }
    const { json } = await runMainJson(
      [
        'query',
        'SELECT as_of_month, currency, orders, sales FROM gold.shop_monthly_sales ORDER BY ALL',
        '--format',
        'json',
        '--lake',
        'lake',
      ],
      { cwd },
    );
    expect(json).toEqual([
      { as_of_month: '2024-01-01', currency: 'GBP', orders: 3, sales: '1250.00' },
      { as_of_month: '2024-02-01', currency: 'EUR', orders: 1, sales: '40.00' },
      { as_of_month: '2024-02-01', currency: 'GBP', orders: 1, sales: '12.50' },
    ]);
    await dispose();
  });
});
