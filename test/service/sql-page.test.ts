import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { runMain } from '../cli/run-main.ts';
import { openShop, type Shop } from '../cli/shop.ts';
import { type AskedService, HOST, openService } from './open-service.ts';

const rows = Array.from({ length: 150 }, (_, n) => `${1000 + n},<b>${n}</b>,${n}.50,2024-01-02`);

let shop: Shop;
let service: AskedService;
let cookie: string;
beforeAll(async () => {
  shop = await openShop();
  await shop.write('sales.csv', `sale_id,customer,amount,sold_on\n${rows.join('\n')}\n`);
  await runMain(['ingest', 'sales.csv', '--dataset', 'shop.sales'], shop);
  await runMain(['run'], shop);
  service = await openService(shop.cwd);
  cookie = await service.signIn();
});
afterAll(async () => {
  await service.close();
  await shop.dispose();
});

const page = async (at: string): Promise<string> => {
  const answer = await service.send(at, { headers: { cookie, accept: 'text/html' } });
  expect(answer.status).toBe(200);
  return await answer.text();
};

/** The page once nothing is under way any more. */
async function settled(at: string): Promise<string> {
  for (;;) {
    const shown = await page(at);
    if (!shown.includes('http-equiv="refresh"')) return shown;
  }
}

/** Sends a form of the page as a browser does, and returns where it leads. */
async function send(at: string, fields: Readonly<Record<string, string>>): Promise<string> {
  const csrf = /name="csrf" value="([^"]+)"/.exec(await page('/sql'))?.[1] ?? '';
  const answer = await service.send(at, {
    method: 'POST',
    headers: {
      cookie,
      origin: `http://${HOST}`,
      accept: 'text/html',
      'content-type': 'application/x-www-form-urlencoded',
    },
    body: new URLSearchParams({ csrf, ...fields }).toString(),
  });
  if (answer.status !== 303) throw new Error(`${answer.status} ${await answer.text()}`);
  return answer.headers.get('location') ?? '';
}

test('a question leads to its answer, page by page, with files, and is remembered', async () => {
  const at = await send('/sql', { sql: 'SELECT * FROM silver.shop_sales ORDER BY sale_id', asOf: '' });
  const first = await settled(at);
  expect(first).toContain('150 rows');
  expect(first).toContain('1 to 100 of 150');
  expect(first).toContain('&lt;b&gt;0&lt;/b&gt;');
  expect(first).not.toContain('<b>0</b>');
  const second = await page(`${at}?from=100`);
  expect(second).toContain('101 to 150 of 150');
  const [file = ''] = /\/v1\/queries\/[^"]+format=csv/.exec(second) ?? [];
  const csv = await (await service.send(file, { headers: { cookie } })).text();
  expect(csv.trimEnd().split('\n')).toHaveLength(151);
  expect(await page('/sql')).toContain('SELECT * FROM silver.shop_sales ORDER BY sale_id');
});

test('a mistake keeps what was typed, and says where it is', async () => {
  const text = 'SELECT nope\nFROM silver.shop_sales';
  const shown = await settled(await send('/sql', { sql: text, asOf: '' }));
  expect(shown).toContain(`>${text}</textarea>`);
  expect(shown).toContain('LINE 1: SELECT nope');
});

test('one that takes long shows that it is under way, and is stopped', async () => {
  const sql = 'SELECT count(*) FROM range(1000000) a, range(1000000) b WHERE hash(a.range, b.range) % 7 = 1';
  const at = await send('/sql', { sql, asOf: '' });
  const running = await page(at);
  expect(running).toContain('http-equiv="refresh"');
  expect(running).toContain('Stop it');
  await send(`${at}/cancel`, {});
  const stopped = await page(at);
  expect(stopped).toContain('Its answer was let go');
  expect(stopped).toContain('range(1000000)');
});

test('those who may not ask do not see the page', async () => {
  const viewer = await openService(shop.cwd, { roles: ['viewer'] });
  expect((await viewer.ask('/sql')).status).toBe(403);
  expect(await (await viewer.ask('/')).text()).not.toContain('href="/sql"');
});
