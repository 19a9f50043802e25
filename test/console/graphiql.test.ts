import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Browser, BrowserContext } from 'playwright-core';
import { openChromium, signedIn, watchedPage } from './browser.ts';
import { type ServedShop, serveShop } from './served-shop.ts';

let served: ServedShop;
let browser: Browser;
let context: BrowserContext;
beforeAll(async () => {
  served = await serveShop();
  await served.run(
    'a.csv',
    'sale_id,customer,amount,sold_on\n1,Ann,1.10,2024-01-02\n2,Bob,2.20,2024-01-03\n',
  );
  browser = await openChromium();
  context = await signedIn(browser, served);
});
afterAll(async () => {
  await browser?.close();
  await served?.dispose();
});

test('GraphiQL knows the schema and answers a query, from files of the service alone', async () => {
  const { page, trouble } = await watchedPage(context, served.url);
  const query = '{ shop__sales(first: 1) { nodes { amount } } }';
  await page.goto(`${served.url}/graphql`);
  await page.locator('.graphiql-container').waitFor();
  const editor = page.locator('.graphiql-query-editor .CodeMirror');
  await editor.click();
  await page.keyboard.press('Control+A');
  await page.keyboard.press('Delete');
  await page.keyboard.insertText(query);
  await page.keyboard.press('Control+Enter');
  const result = page.locator('.result-window', { hasText: '1.10' });
  await result.waitFor();
  await page.getByLabel('Show Documentation Explorer').click();
  await page.locator('.graphiql-doc-explorer', { hasText: 'Query' }).waitFor();
  expect(trouble).toEqual([]);
});
