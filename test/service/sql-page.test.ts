import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { runMain } from '../cli/run-main.ts';
import type { Shop } from '../cli/shop.ts';
import { type AskedService, HOST, openService } from './open-service.ts';
import { openShopService, type ShopService } from './shop-service.ts';

const rows = Array.from({ length: 150 }, (_, n) => `${1000 + n},<b>${n}</b>,${n}.50,2024-01-02`);

let shop: Shop;
let service: AskedService;
let dispose: ShopService['dispose'];
let cookie: string;
beforeAll(async () => {
  const opened = await openShopService();
  ({ shop, service, dispose } = opened);
  await opened.ingest('sales.csv', `sale_id,customer,amount,sold_on\n${rows.join('\n')}\n`);
  await runMain(['run'], shop);
  cookie = await service.signIn();
});
afterAll(() => dispose());

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

test('an answer is drawn, and the moments of publication are offered', async () => {
  const sql = 'SELECT customer, amount FROM silver.shop_sales ORDER BY sale_id';
  const at = await send('/sql', { sql: `${sql} LIMIT 3`, asOf: '' });
  const drawn = await settled(`${at}?value=amount&label=customer`);
  expect(drawn).toContain('<details open');
  expect([...drawn.matchAll(/<text [^>]*>([^<]*)<\/text>/g)].map(([, text]) => text)).toEqual(
    ['<b>0</b>', '0.50', '<b>1</b>', '1.50', '<b>2</b>', '2.50'].map((text) =>
      text.replaceAll('<', '&lt;').replaceAll('>', '&gt;'),
    ),
  );
  // More than have room for a name each are a line.
  const many = await settled(await send('/sql', { sql, asOf: '' }));
  expect(/<polyline points="([^"]*)"/.exec(many)?.[1]?.split(' ')).toHaveLength(150);
  const [, moment = ''] = /<datalist id="states"><option value="([^"]+)">shop\.sales, run/.exec(many) ?? [];
  expect(await settled(await send('/sql', { sql, asOf: moment }))).toContain('150 rows');
});

test.each([
  ['SELECT 1,\n  * FRM x y z', '2', 'LINE 2:   * FRM'],
  ['SELECT 1\nFROM silver.shop_sales\nWHERE custmer = 1', '3', 'LINE 3: WHERE custmer'],
])('where SQL is wrong is shown: %j', async (sql, line, text) => {
  const shown = await settled(await send('/sql', { sql, asOf: '' }));
  expect(shown).toContain(text);
  expect(/data-line="(\d+)"/.exec(shown)?.[1]).toBe(line);
});

test('a moment that is none is told beside its field, and what was typed stays', async () => {
  const wrong = await send('/sql', { sql: "SELECT '<kept>'", asOf: 'yesterday' }).catch(String);
  expect(wrong).toMatch(/^Error: 400 /);
  expect(wrong).toContain('&#39;yesterday&#39; is neither a snapshot id nor a time');
  expect(wrong).toContain('SELECT &#39;&lt;kept&gt;&#39;</textarea>');
  expect(wrong).toMatch(/value="yesterday"[^>]*aria-invalid="true"/);
});

test('ids in an answer stand as they can be copied, amounts with their thousands', async () => {
  const at = await send('/sql', { sql: 'SELECT 69367427231357 AS id, 1234567.50 AS amount', asOf: '' });
  const shown = await settled(at);
  expect(shown).toContain('>69367427231357<');
  expect(shown).toContain('>1,234,567.50<');
});

test('what could not be decided leads back to the page that it was asked on', async () => {
  const csrf = /name="csrf" value="([^"]+)"/.exec(await page('/sql'))?.[1] ?? '';
  const headers = {
    cookie,
    origin: `http://${HOST}`,
    accept: 'text/html',
    'content-type': 'application/x-www-form-urlencoded',
  };
  const body = new URLSearchParams({ csrf, reason: 'r', digest: 'd' }).toString();
  const answerOf = async (referer: string): Promise<string> => {
    const answer = await service.send('/runs/none/approve', {
      method: 'POST',
      headers: { ...headers, referer },
      body,
    });
    return await answer.text();
  };
  expect(await answerOf(`http://${HOST}/runs/none?a=b`)).toContain('<a href="/runs/none?a=b">Back');
  expect(await answerOf('https://evil.example/runs/none')).not.toContain('Back to the page');
});
