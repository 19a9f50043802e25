import path from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import axe from 'axe-core';
import type { Browser, BrowserContext } from 'playwright-core';
import { openOutside, rowsOutside } from '../support/outside-table.ts';
import { openChromium, signedIn, watchedPage } from './browser.ts';
import { type ServedShop, serveShop } from './served-shop.ts';

const FILE = "a 'b' %22 & javascript:alert(1).csv";
/** One passes. Of the others a page that took values for more than text would run some, or lose their line ends. */
const MIXED = `sale_id,customer,amount,sold_on
1,Ann,1.10,2024-01-02
2,"""><img src=x onerror=alert(1)>",javascript:alert(1),2024-01-03
3,"<script>alert(1)</script>
 second line ",x,2024-01-04
4,Dan,,2024-13-45
5,Eve,y,2024-01-06
6,Kim,z,2024-01-07
`;
const AT = '/quarantine?dataset=shop.sales';

let browser: Browser;
let [served, context] = [{} as ServedShop, {} as BrowserContext];
let runId: string;
beforeAll(async () => {
  browser = await openChromium();
  served = await serveShop();
  runId = await served.run(FILE, MIXED);
  const { sealDigest } = (await (await ask(`/v1/runs/${runId}`)).json()) as { sealDigest: string };
  const approved = await ask(`/v1/runs/${runId}/approve`, { digest: sealDigest, reason: 'looked' });
  expect(await approved.json()).toMatchObject({ status: 'promoted', counts: { silver: 1, quarantined: 5 } });
  context = await signedIn(browser, { ...served, options: { javaScriptEnabled: false } });
});
afterAll(async () => {
  await browser.close();
  await served.dispose();
});

const ask = (at: string, body?: object): Promise<Response> =>
  fetch(served.url + at, {
    ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
    headers: { authorization: `Bearer ${served.token}`, 'content-type': 'application/json' },
  });
/** The sales in Silver, as hyparquet reads them. */
const silver = async (): Promise<{ sale_id: string; customer: string; amount: number }[]> => {
  const lake = path.join(served.shop.cwd, 'lake');
  const table = await openOutside(lake, 'silver/shop/sales/_LATEST.json', 'silver/shop/sales');
  return (await rowsOutside(table)).map((text) => JSON.parse(text));
};

test('the pages are accessible, fit a phone, and take values of files for text', async () => {
  const cookies = await context.cookies();
  const { records } = (await (await ask('/v1/quarantine')).json()) as { records: { record: string }[] };
  for (const colorScheme of ['light', 'dark'] as const) {
    const window = await browser.newContext({ bypassCSP: true, colorScheme });
    await window.addCookies(cookies);
    const { page, trouble } = await watchedPage(window, served.url);
    for (const at of [
      '/quarantine',
      AT,
      `${AT}&state=condemned`,
      `${AT}&file=%3Cscript%3E`,
      `/quarantine/shop.sales/${records[1]?.record}`,
      '/',
      `/runs/${runId}`,
    ]) {
      expect((await page.goto(served.url + at))?.status()).toBe(200);
      await page.evaluate(axe.source);
      const serious = await page.evaluate(
        `window.axe.run().then(({ violations }) => violations
           .filter(({ impact }) => impact === 'serious' || impact === 'critical').map(({ id, nodes }) => [id, nodes[0].html]))`,
      );
      expect([at, serious]).toEqual([at, []]);
      await page.setViewportSize({ width: 360, height: 700 });
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360);
    }
    expect(trouble).toEqual([]);
    await window.close();
  }
});

test('a record is corrected in its table, retried, and published once, without script', async () => {
  const page = await context.newPage();
  await page.goto(`${served.url}/runs/${runId}`);
  await page.getByRole('link', { name: 'TYPE_ERROR', exact: true }).click();
  expect(await page.locator('h1').textContent()).toBe('4 open records of shop.sales');
  // What isn't typed over stays as it came: tags, quotes and line ends, too.
  await page.getByLabel('amount of record 2 of').fill('20.20');
  await page.getByLabel('amount of record 3 of').fill('30.30');
  await page.getByLabel('Why').fill('<b>as on the invoice</b>');
  await page.getByRole('button', { name: 'Save what is corrected' }).click();
  expect(await page.locator('.done').textContent()).toContain('2 records corrected');
  expect(await page.getByLabel('amount of record 2 of').inputValue()).toBe('20.20');
  await page.getByLabel('Why').fill('test them');
  await page.getByRole('button', { name: 'Save, and retry all that are corrected' }).click();
  expect(page.url()).toMatch(/\/runs\/[\w-]+$/);
  for (let looks = 0; !(await page.locator('h1').textContent())?.includes('promoted'); looks++) {
    expect(looks).toBeLessThan(300);
    await page.waitForTimeout(200);
    await page.reload();
  }
  await page.goto(served.url + AT);
  expect(await page.locator('h1').textContent()).toBe('3 open records of shop.sales');
  const found = (await silver()).map((row) => [row.sale_id, row.customer, row.amount]).sort();
  expect(found).toEqual([
    ['1', 'Ann', 1.1],
    ['2', '"><img src=x onerror=alert(1)>', 20.2],
    ['3', '<script>alert(1)</script>\n second line', 30.3],
  ]);
  await page.goto(`${served.url}/reports/shop.monthly_sales`);
  // 1.10 + 20.20 + 30.30.
  expect(await page.locator('main').textContent()).toContain('51.60');
  await page.close();
});

test('a record that changed since the page was opened is not corrected', async () => {
  const page = await context.newPage();
  await page.goto(`${served.url}${AT}&column=sold_on`);
  const { records } = (await (await ask('/v1/quarantine?column=sold_on')).json()) as {
    records: { record: string }[];
  };
  const at = `/v1/datasets/shop.sales/quarantine/records/${records[0]?.record}/correct`;
  expect((await ask(at, { cells: { amount: '4.00' }, reason: 'faster' })).status).toBe(200);
  await page.getByLabel('amount of record 4 of').fill('44.00');
  await page.getByLabel('Why').fill('slower');
  await page.getByRole('button', { name: 'Save what is corrected' }).click();
  expect(await page.locator('h1').textContent()).toBe('It has changed since it was looked at');
  await page.goto(`${served.url}${AT}&column=sold_on`);
  expect(await page.getByLabel('amount of record 4 of').inputValue()).toBe('4.00');
  await page.close();
});

test('records are condemned, and their release waits for somebody else', async () => {
  const page = await context.newPage();
  await page.goto(`${served.url}${AT}`);
  await page.getByRole('link', { name: /^Tick all \d+ on this page/ }).click();
  const ticks = await page.locator('input[type=checkbox]').all();
  expect(await Promise.all(ticks.map((tick) => tick.isChecked()))).not.toContain(false);
  await page.goto(`${served.url}${AT}&code=TYPE_ERROR`);
  await page.getByLabel('choose record 5 of').check();
  await page.getByLabel('Why').fill('never happened');
  await page.getByRole('button', { name: 'Condemn the ticked' }).click();
  // Nothing is condemned before it is said once more.
  expect(await page.locator('h1').textContent()).toBe('Condemn 1 record of shop.sales?');
  expect(await page.locator('q').textContent()).toBe('never happened');
  const open = (await (await ask('/v1/quarantine?state=condemned')).json()) as { records: object[] };
  expect(open.records).toEqual([]);
  await page.getByRole('button', { name: 'Condemn 1 record' }).click();
  expect(await page.locator('.done').textContent()).toBe('1 record condemned.');
  await page.goto(`${served.url}${AT}&state=condemned`);
  await page.getByLabel('Why').fill('it did happen');
  await page.getByRole('button', { name: 'Ask to release the one that is listed' }).click();
  expect(await page.locator('.needs').textContent()).toContain('somebody else approves it');
  expect(await page.getByRole('button', { name: /^Release/ }).count()).toBe(0);
  await page.goto(served.url);
  await page.getByRole('link', { name: 'Decide on the release' }).click();
  await page.locator('.needs').getByLabel('Why').fill('a mistake');
  await page.getByRole('button', { name: 'Take the request back' }).click();
  expect(await page.locator('.done').textContent()).toContain('is refused');
  expect(await page.locator('h1').textContent()).toBe('1 condemned record of shop.sales');
  await page.close();
});
