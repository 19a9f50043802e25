import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect } from '@jest/globals';
import { commandsIn } from './commands-in.ts';
import { runMain } from './run-main.ts';
import type { openShop } from './shop.ts';

/** The report whose months are closed, and its pointer in the shop's folder. */
export const REPORT = 'shop.monthly_sales';
export const POINTER = 'lake/gold/shop/monthly_sales/_LATEST.json';
/** Why, and who. */
export const WORD = ['--reason', 'reported to the board', '--by', 'finance'];
/** What was printed; whatever isn't there is no fact. */
export type Facts = Record<string, string>;

/** The JSON of a refused command. */
export const error = (code: string, says = '') => ({
  error: { code, message: expect.stringContaining(says) },
});

const sales = (...rows: string[]): string => `sale_id,customer,amount,sold_on\n${rows.join('\n')}\n`;

/** What is done to a shop, there once a test runs, whose January is closed. */
export function closingsIn(shop: () => Awaited<ReturnType<typeof openShop>>) {
  const { json, ok } = commandsIn(shop);
  return {
    json,
    ok,
    pointer: async () => JSON.parse(await readFile(path.join(shop().cwd, POINTER), 'utf8')),
    async dropAndRun(name: string, ...rows: string[]) {
      await shop().write(name, sales(...rows));
      await ok('ingest', name, '--dataset', 'shop.sales');
      return ((await ok('run')) as Record<string, unknown>[])[0];
    },
    /** The rows that January was closed with, as they are written to a file. */
    async closedCsv(...more: string[]): Promise<Buffer> {
      const { code, err } = await runMain(
        ['report', REPORT, '--closed', '--month', '2024-01', '--out', 'closed.csv', ...more],
        shop(),
      );
      expect({ code, err }).toMatchObject({ code: 0 });
      return await readFile(path.join(shop().cwd, 'closed.csv'));
    },
    figures: async () =>
      await ok(
        'query',
        `SELECT strftime(as_of_month, '%Y-%m') AS month, sales, amount FROM gold.shop_monthly_sales ORDER BY 1`,
      ),
  };
}
