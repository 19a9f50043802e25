import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import axe from 'axe-core';
import type { Browser, BrowserContext } from 'playwright-core';
import { PAGES as EVERY_PAGE } from '../../service/console/pages.ts';
import { openChromium, signedIn, watchedPage } from './browser.ts';
import { layoutFaults, openPages } from './layout-faults.ts';
import { type ServedShop, serveShop } from './served-shop.ts';

const HEADER = 'sale_id,customer,amount,sold_on\n';
const GOOD = `${HEADER}1,Ann,1.10,2024-01-02\n2,Bob,2.20,2024-01-03\n`;
/** One of three is no amount: held. What it says would be run by a page that took it for more than text. */
const DOUBTFUL = `${HEADER}10,<script>alert(1)</script>,5.00,2024-01-04
11,"""><img src=x onerror=alert(1)>",javascript:alert(1),2024-01-05
12,Eve,7.00,2024-02-06
`;

/** What axe finds, as far as it is used here. */
interface Finding {
  readonly impact: string | null;
  readonly id: string;
  readonly nodes: readonly { readonly html: string }[];
}

let browser: Browser;
let [full, empty] = [{} as ServedShop, {} as ServedShop];
let held: string;
/** Of each lake, somebody who signed in. */
const windows = new Map<ServedShop, BrowserContext>();
beforeAll(async () => {
  browser = await openChromium();
  [full, empty] = [await serveShop(), await serveShop()];
  await full.run('good.csv', GOOD);
  held = await full.run("a 'b' %22 & javascript:alert(1).csv", DOUBTFUL);
  for (const served of [full, empty])
    windows.set(served, await signedIn(browser, { ...served, options: { bypassCSP: false } }));
});
afterAll(async () => {
  await browser.close();
  for (const served of [full, empty]) await served.dispose();
});

const windowOf = (served: ServedShop): BrowserContext => {
  const context = windows.get(served);
  if (context === undefined) throw new Error('nobody signed in');
  return context;
};
const LINES = '/reports/shop.monthly_sales/lines?k.as_of_month=2024-01-01&of=amount';
/** Every page that names nothing, and those of a dataset and a report. */
const PAGES = [
  ...EVERY_PAGE.map(({ path: at }) => at).filter((at) => !at.includes('{')),
  '/datasets?q=personal',
  '/datasets/shop.sales',
  '/datasets/shop.monthly_sales',
  '/reports/shop.monthly_sales',
];

describe.each([
  ['a lake with a held run', () => full, [...PAGES, LINES, 'the held run']],
  ['an empty lake', () => empty, PAGES],
])('%s', (_, of, addresses) => {
  test.each(addresses)('%s opens without trouble, and asks nobody else', async (address) => {
    const at = address === 'the held run' ? `/runs/${held}` : address;
    const { page, trouble } = await watchedPage(windowOf(of()), of().url);
    const answer = await page.goto(of().url + at);
    expect(answer?.status()).toBe(200);
    expect(await page.locator('h1').count()).toBe(1);
    expect(trouble).toEqual([]);
    expect(await layoutFaults(page)).toEqual([]);
    // Each page says where one is; the API is led to at the foot.
    expect((await openPages(page)).length).toBe(address === '/api' ? 0 : 1);
    // Nothing is wider than a phone but what scrolls by itself.
    await page.setViewportSize({ width: 360, height: 700 });
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360);
    await page.close();
  });

  test.each(['light', 'dark'] as const)('axe finds nothing serious, %s', async (colorScheme) => {
    const cookies = await windowOf(of()).cookies();
    const context = await browser.newContext({ bypassCSP: true, colorScheme });
    await context.addCookies(cookies);
    const page = await context.newPage();
    for (const address of addresses) {
      await page.goto(of().url + (address === 'the held run' ? `/runs/${held}` : address));
      await page.evaluate(axe.source);
      const found: readonly Finding[] = await page.evaluate(
        'window.axe.run().then(({ violations }) => violations)',
      );
      const serious = found.filter(({ impact }) => impact === 'serious' || impact === 'critical');
      expect([address, serious.map(({ id, nodes }) => [id, nodes[0]?.html])]).toEqual([address, []]);
    }
    await context.close();
  });
});

describe('a held run', () => {
  test('is read without script', async () => {
    const context = await browser.newContext({ javaScriptEnabled: false });
    await context.addCookies(await windowOf(full).cookies());
    const page = await context.newPage();
    await page.goto(full.url);
    expect(await page.locator('h1').textContent()).toContain('1 thing waits for you');
    expect(await page.locator('.needs').textContent()).toContain(held);
    await context.close();
  });

  test('is published from the overview, with a reason, and its figures are shown', async () => {
    const { page, trouble } = await watchedPage(windowOf(full), full.url);
    await page.goto(full.url);
    await page.getByRole('link', { name: 'Look at the run' }).click();
    expect(page.url()).toBe(`${full.url}/runs/${held}`);
    const publish = page.getByRole('button', { name: /^Publish run …\w{4}, 2 records$/ });
    // Without a reason the browser sends nothing.
    await publish.click();
    expect(page.url()).toBe(`${full.url}/runs/${held}`);
    await page.getByLabel('Why it may be published').fill('<b>looked</b> at it');
    await publish.click();
    await page.waitForURL(`${full.url}/runs/${held}`);
    await page.getByText('promoted').first().waitFor();
    expect(await page.getByRole('button', { name: /^Publish/ }).count()).toBe(0);
    await page.goto(`${full.url}/datasets/shop.sales`);
    // The file that the pointer names, read as any other program would.
    const pointer = JSON.parse(
      await readFile(path.join(full.shop.cwd, 'lake/silver/shop/sales/_LATEST.json'), 'utf8'),
    );
    const shown = await page.locator('main').textContent();
    expect(shown).toContain(`iceberg_scan('${pointer.metadata_location}')`);
    expect(shown).toContain(`uri='${full.url}/iceberg'`);
    await page.goto(`${full.url}/activity`);
    expect(await page.locator('tbody tr').first().textContent()).toContain('<b>looked</b> at it');
    expect(trouble).toEqual([]);
    const report = await fetch(`${full.url}/v1/reports/shop.monthly_sales`, {
      headers: { authorization: `Bearer ${full.token}` },
    });
    // 1.10 + 2.20 + 5.00, and 7.00.
    expect(await report.json()).toMatchObject({
      rows: [
        { sales: 3, amount: '8.30' },
        { sales: 1, amount: '7.00' },
      ],
    });
  });

  test('can not be decided on a page that is outdated', async () => {
    const other = await full.run('again.csv', DOUBTFUL.replaceAll(/^1/gm, '3'));
    const { page } = await watchedPage(windowOf(full), full.url);
    await page.goto(`${full.url}/runs/${other}`);
    const refusal = await fetch(`${full.url}/v1/runs/${other}/refuse`, {
      method: 'POST',
      body: JSON.stringify({ reason: 'another was faster' }),
      headers: { authorization: `Bearer ${full.token}`, 'content-type': 'application/json' },
    });
    expect(refusal.status).toBe(200);
    await page.getByLabel('Why it may be published').fill('too late');
    await page.getByRole('button', { name: /^Publish/ }).click();
    expect(await page.locator('h1').textContent()).toBe('It is not as the request takes it to be');
    expect(await page.locator('main').textContent()).toContain('waits for no decision: it was refused');
  });
});
