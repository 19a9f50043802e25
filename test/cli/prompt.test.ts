import { execFile } from 'node:child_process';
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { completeSql } from '../../cli/prompt/complete-sql.ts';
import { LAUNCHER } from './assay.ts';
import { runMain } from './run-main.ts';
import { goodSales, openShop } from './shop.ts';

const TERMINAL = fileURLToPath(new URL('on-a-terminal.py', import.meta.url));

let shop: Awaited<ReturnType<typeof openShop>>;
beforeAll(async () => {
  shop = await openShop();
  await runMain(['ingest', await shop.write('a.csv', goodSales(11, 13)), '--dataset', 'shop.sales'], shop);
  expect((await runMain(['run'], shop)).code).toBe(0);
});
afterAll(() => shop.dispose());

/** What a real terminal shows when these keys are typed, each after a text was seen. */
async function type(
  ...steps: readonly (readonly [after: string, keys: string, seconds?: number])[]
): Promise<string> {
  const env = { ...process.env, XDG_STATE_HOME: path.join(shop.cwd, 'state'), ASSAY_LAKE: '', NO_COLOR: '1' };
  const args = [TERMINAL, JSON.stringify(steps), process.execPath, LAUNCHER, 'query'];
  const { stdout } = await promisify(execFile)('python3', args, { cwd: shop.cwd, env });
  return stdout;
}

const PROMPT = 'assay> ';

describe('assay query on a terminal', () => {
  test('answers statements of several lines, completes tables, survives mistakes, and remembers for the next time', async () => {
    const first = await type(
      [PROMPT, 'SELECT count(*) AS sales -- of all\r'],
      ['...> ', 'FROM silver.shop_s\t'],
      ['silver.shop_sales', ';\r'],
      ['1 row.', 'FROM nope;\r'],
      ["no table 'nope'", 'SELECT 1 AS dropped\u0003'],
      [PROMPT, '.tables silver\r'],
      ['Sales of a small shop.', '.help\r'],
      ['Tab completes', '.quit\r'],
    );
    expect(first).toMatch(/sales\s+3\s/);
    const history = path.join(shop.cwd, 'state', 'assay', 'query-history');
    expect((await readFile(history, 'utf8')).split('\n')).toEqual([
      'SELECT count(*) AS sales FROM silver.shop_sales;',
      'FROM nope;',
      'SHOW TABLES FROM silver',
      '',
    ]);
    expect((await stat(history)).mode & 0o077).toBe(0);
    const up = '\u001b[A';
    const second = await type([PROMPT, `${up}${up}${up}\r`], ['1 row.', '\u0004']);
    expect(second).toMatch(/sales\s+3\s/);
  });

  test('Ctrl-C stops a query that runs, and the next one is answered', async () => {
    const shown = await type(
      [PROMPT, 'SELECT count(*) FROM range(100000) a, range(100000) b WHERE (a.range * b.range) % 7 = 3;\r'],
      ['= 3;\r', '\u0003', 2],
      ['The query was stopped.', 'SELECT 41 + 1 AS answer;\r'],
      ['1 row.', '.quit\r'],
    );
    expect(shown).toMatch(/answer\s+42\s/);
  });

  test('is refused where nobody types, with what to write', async () => {
    const { code, err } = await runMain(['query'], shop);
    expect([code, err]).toEqual([2, expect.stringContaining('Write: assay query "SQL"')]);
  });
});

describe('the tab key', () => {
  const tables = [
    { name: 'silver.shop_sales', columns: ['sale_id', 'amount'] },
    { name: 'gold.shop_monthly_sales', columns: ['sales', 'month'] },
  ];
  const complete = (line: string, statement = ''): string[] =>
    completeSql(line, statement, { tables, commands: ['.tables', '.help'] })[0];

  test.each([
    ['FROM silver.', '', ['silver.shop_sales']],
    ['FROM shop', '', ['silver.shop_sales', 'gold.shop_monthly_sales']],
    ['SELECT am', '', ['amount']],
    ['WHERE sale', 'FROM silver.shop_sales', ['sale_id']],
    ['WHERE sale', '', ['sale_id', 'sales']],
    ['sel', '', ['select']],
    ['SEL', '', ['SELECT']],
    ['.he', '', ['.help']],
  ])('%j after %j', (line, statement, expected) => {
    expect(complete(line, statement)).toEqual(expected);
  });
});
