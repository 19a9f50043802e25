import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Browser, BrowserContext } from 'playwright-core';
import { runMain } from '../cli/run-main.ts';
import { haltingRun } from '../crash/halting-run.ts';
import { openChromium, PATIENCE_MS, signedIn, watchedPage } from './browser.ts';
import { type ServedShop, serveShop } from './served-shop.ts';

const HEADER = 'sale_id,customer,amount,sold_on\n';
const rows = (from: number, count: number): string =>
  HEADER + Array.from({ length: count }, (_, n) => `${from + n},Ann,1.00,2024-03-01\n`).join('');

let served: ServedShop;
let browser: Browser;
let context: BrowserContext;
beforeAll(async () => {
  served = await serveShop();
  browser = await openChromium();
  context = await signedIn(browser, served);
});
afterAll(async () => {
  await browser?.close();
  await served?.dispose();
});
/** The plans of runs, of those that ended, too. */
async function staged(): Promise<string[]> {
  const folder = path.join(served.shop.cwd, 'lake/ops/staging/shop/sales');
  const names = await readdir(folder, { recursive: true }).catch(() => []);
  return names.filter((name) => path.basename(name) === 'plan.json');
}
const ingest = async (name: string, text: string): Promise<void> => {
  await served.shop.write(name, text);
  await runMain(['ingest', name, '--dataset', 'shop.sales'], served.shop);
};

test('a run that is started by its button is followed to its end without a reload', async () => {
  // A run may be done before the browser has asked for its page: then a longer one is tried.
  for (let [count, isFollowed] = [100_000, false]; !isFollowed; count *= 2) {
    await ingest(`a-${count}.csv`, rows(count, count));
    const { page, trouble } = await watchedPage(context, served.url);
    await page.goto(`${served.url}/datasets/shop.sales`);
    await page.getByRole('button', { name: 'Run shop.sales' }).click();
    await page.waitForURL(/\/runs\/[\w-]+$/);
    await page.evaluate('window.isTheSame = true');
    isFollowed = await page.getByText('Under way').isVisible();
    await page.getByText('promoted').first().waitFor();
    expect(await page.evaluate('window.isTheSame')).toBe(true);
    expect(await page.locator('main').textContent()).toContain(count.toLocaleString('en'));
    expect(trouble).toEqual([]);
    await page.close();
  }
});

test('the overview shows a run of another process, and that it has ended, without a reload', async () => {
  const { page, trouble } = await watchedPage(context, served.url);
  await page.goto(served.url);
  await page.evaluate('window.isTheSame = true');
  await ingest('b.csv', rows(90_000, 3));
  const [lake, cwd] = [path.join(served.shop.cwd, 'lake'), served.shop.cwd];
  const before = await staged();
  let isSeen = false;
  for await (const _ of haltingRun(lake, 'shop.sales', cwd)) {
    // It stands still until the page has seen it, once the lake has something of it.
    if (!isSeen && (await staged()).length > before.length) {
      await page.getByText('Under way').waitFor();
      isSeen = true;
    }
  }
  expect(isSeen).toBe(true);
  await page.getByText('Under way').waitFor({ state: 'detached' });
  expect(await page.evaluate('window.isTheSame')).toBe(true);
  expect(trouble).toEqual([]);
  await page.close();
});

test('where events can not be had, the page asks again by itself, and without script it is loaded again', async () => {
  await ingest('c.csv', rows(900_000, 100_000));
  for (const javaScriptEnabled of [true, false]) {
    const other = await browser.newContext({ javaScriptEnabled });
    await other.addCookies(await context.cookies());
    const page = await other.newPage();
    page.setDefaultTimeout(PATIENCE_MS);
    await page.route('**/events', (route) => route.fulfill({ status: 503 }));
    await page.goto(`${served.url}/datasets/shop.sales`);
    await page.getByRole('button', { name: 'Run shop.sales' }).click();
    await page
      .getByText(/promoted|Nothing was pending/)
      .first()
      .waitFor();
    await other.close();
  }
});
