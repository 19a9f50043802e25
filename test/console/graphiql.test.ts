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

test('the SQL editor completes tables and columns by keyboard, draws the answer, and shows where SQL is wrong', async () => {
  const { page, trouble } = await watchedPage(context, served.url);
  await page.goto(`${served.url}/sql`);
  const editor = page.getByLabel("One SELECT, in DuckDB's SQL");
  await editor.fill('SELECT  FROM ');
  await editor.press('End');
  await editor.pressSequentially('silver.shop');
  await page.getByRole('option', { name: 'silver.shop_sales' }).waitFor();
  await editor.press('Enter');
  expect(await editor.inputValue()).toBe('SELECT  FROM silver.shop_sales');
  await editor.evaluate((field: { setSelectionRange(from: number, to: number): void }) =>
    field.setSelectionRange(7, 7),
  );
  await editor.press('Control+Space');
  await page.getByRole('option', { name: 'customer' }).waitFor();
  await editor.press('Escape');
  await editor.pressSequentially('customer, am');
  await page.getByRole('option', { name: 'amount' }).waitFor();
  await editor.press('Tab');
  expect(await editor.inputValue()).toBe('SELECT customer, amount FROM silver.shop_sales');
  await editor.press('Control+Enter');
  await page.getByText('2 rows in').waitFor();
  await page.getByText('Chart of amount by customer').click();
  const chart = page.getByRole('img', { name: 'amount by customer' });
  expect(await chart.locator('text').allTextContents()).toEqual(['Ann', '1.10', 'Bob', '2.20']);
  await editor.fill('SELECT customer,\n  amuont FROM silver.shop_sales');
  await editor.press('Control+Enter');
  const failed = page.getByRole('alert');
  await failed.waitFor();
  expect(await failed.textContent()).toContain('LINE 2:   amuont');
  expect(await failed.textContent()).toContain('"amount"');
  // What is wrong is selected in the editor.
  expect(await page.evaluate('getSelection().toString()')).toBe('amuont');
  expect(trouble).toEqual([]);
});

test('an operation of the API is tried on its page, a refused one too', async () => {
  const { page, trouble } = await watchedPage(context, served.url);
  await page.goto(`${served.url}/api`);
  const list = page.locator('details.operation').filter({
    has: page.locator('summary', { hasText: /^GET \/v1\/datasets The/ }),
  });
  await list.first().locator('summary').click();
  await list.first().getByRole('button', { name: 'GET /v1/datasets' }).click();
  await list.first().getByText('"shop.sales"').first().waitFor();
  expect(await list.first().locator('output').textContent()).toMatch(/^GET \/v1\/datasets\n200 in \d+ ms/);
  const asks = page.locator('details.operation').filter({
    has: page.locator('summary', { hasText: /^POST \/v1\/query / }),
  });
  await asks.locator('summary').click();
  expect(JSON.parse(await asks.getByLabel('JSON').inputValue())).toHaveProperty('sql', '');
  await asks.getByLabel('JSON').fill('{"sql": "SELECT sum(amount) AS all FROM silver.shop_sales"}');
  await asks.getByRole('button', { name: 'POST /v1/query' }).click();
  await asks.getByText('"3.30"').waitFor();
  expect(trouble).toEqual([]);
});
