import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { inflateSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { openChromium, signedIn, watchedPage } from './browser.ts';
import { type ServedShop, serveShop } from './served-shop.ts';

const HEADER = 'sale_id,customer,amount,sold_on\n';
const GOOD = `${HEADER}1,Ann,1234567.10,2024-01-02\n2,Bob,2.20,2024-01-03\n3,Cem,7.00,2024-02-06\n`;
const REASON = '<b>reported</b> to the board';

let served: ServedShop;
let browser: Browser;
let context: BrowserContext;
beforeAll(async () => {
  served = await serveShop();
  await served.run('good.csv', GOOD);
  browser = await openChromium();
  context = await signedIn(browser, served);
});
afterAll(async () => {
  await browser?.close();
  await served?.dispose();
});

/** Opens the report, does something there, and says what went wrong on the way. */
async function onReport(query: string, work: (page: Page) => Promise<void>): Promise<void> {
  const { page, trouble } = await watchedPage(context, served.url);
  await page.goto(`${served.url}/reports/shop.monthly_sales${query}`);
  await work(page);
  // A download that the browser takes over ends its request.
  expect(trouble.filter((one) => !one.includes('format='))).toEqual([]);
  await page.close();
}
/** What is read on a page: cells stand apart. */
const textOf = async (page: Page): Promise<string> =>
  // biome-ignore lint/performance/useDomNodeTextContent: textContent runs cells together
  (await page.locator('main').innerText()).replaceAll(/\s+/g, ' ');

test('a month is chosen and closed with a reason; a late file waits, is accepted, and the month is reopened', async () => {
  await onReport('', async (page) => {
    await page.getByLabel('Month', { exact: true }).selectOption('2024-01');
    await page.getByRole('button', { name: 'Show' }).click();
    await page.getByRole('button', { name: 'Close 2024-01, 1 row' }).waitFor();
    await page.getByLabel('Why', { exact: true }).fill(REASON);
    await page.getByRole('button', { name: 'Close 2024-01, 1 row' }).click();
    await page.getByRole('heading', { name: 'Reopen 2024-01' }).waitFor();
    expect(await textOf(page)).toContain(REASON);
  });
  await served.run('late.csv', `${HEADER}4,Dot,100.00,2024-01-09\n`);
  await onReport('?month=2024-01', async (page) => {
    expect(await page.locator('tbody a', { hasText: '1,234,569.30' }).count()).toBe(1);
    expect(await textOf(page)).toContain('1,234,569.30 1,234,669.30');
    await page.getByLabel('Why 2024-01 may change').fill('late, and agreed');
    await page.getByRole('button', { name: 'Publish 2 other values and close 2024-01 anew' }).click();
    await page.locator('td a', { hasText: '1,234,669.30' }).waitFor();
    expect(await textOf(page)).toContain('late, and agreed');
    await page.getByLabel('Why', { exact: true }).fill('to be looked at again');
    await page.getByRole('button', { name: 'Reopen 2024-01' }).click();
    await page.getByText('reopened', { exact: false }).first().waitFor();
    expect(await page.getByRole('button', { name: 'Close 2024-01, 1 row' }).count()).toBe(1);
  });
});

test('a month is not closed on a page that is outdated', async () => {
  const { page } = await watchedPage(context, served.url);
  await page.goto(`${served.url}/reports/shop.monthly_sales?month=2024-02`);
  await served.run('more.csv', `${HEADER}5,Eve,0.50,2024-02-09\n`);
  await page.getByLabel('Why', { exact: true }).fill('too late');
  await page.getByRole('button', { name: /^Close 2024-02/ }).click();
  expect(await textOf(page)).toContain('2024-02 of shop.monthly_sales has other rows now');
  await page.close();
});

test('what changed since the first state is chosen and shown, and a figure leads to its lines', async () => {
  await onReport('', async (page) => {
    const first = await page.getByLabel('What changed since').locator('option').last().getAttribute('value');
    await page.getByLabel('What changed since').selectOption(first);
    await page.getByRole('button', { name: 'Show' }).click();
    await page.getByRole('heading', { name: /^What changed since 20/ }).waitFor();
    expect(await textOf(page)).toContain('7.00 7.50');
    expect(await textOf(page)).toContain('from more.csv');
    await page.locator('td a', { hasText: '7.50' }).click();
    await page.getByText('as amount says').waitFor();
    expect(await textOf(page)).toContain('5,Eve,0.50,2024-02-09');
  });
});

test('a spreadsheet is downloaded, and has the page’s cells', async () => {
  await onReport('?month=2024-02', async (page) => {
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name: 'XLSX', exact: true }).first().click(),
    ]);
    const file = path.join(served.shop.cwd, 'report.xlsx');
    await download.saveAs(file);
    expect(download.suggestedFilename()).toBe('shop.monthly_sales-2024-02.xlsx');
    const cells = path.join(import.meta.dirname, '../service/cells.py');
    const { stdout } = await promisify(execFile)('python3', [cells, file]);
    const rows: string[][] = JSON.parse(stdout);
    // Days since 30 December 1899: 1 February 2024 is 45,323.
    expect(rows.map((row) => row.slice(0, 3))).toEqual([
      ['as_of_month', 'sales', 'amount'],
      ['45323', '2', '7.50'],
    ]);
  });
});

test('it prints as a document of its own, without what only works on a screen', async () => {
  await onReport('', async (page) => {
    await page.emulateMedia({ media: 'print' });
    for (const gone of ['header', '.pickers', '.decide', 'footer', '.screen'])
      expect([gone, await page.locator(gone).filter({ visible: true }).count()]).toEqual([gone, 0]);
    const pdf = await page.pdf({ path: path.join(served.shop.cwd, 'report.pdf'), format: 'A4' });
    expect(pdf.subarray(0, 5).toString()).toBe('%PDF-');
    const pages = (await readFile(path.join(served.shop.cwd, 'report.pdf'), 'latin1')).match(
      /\/Type \/Page\b/g,
    );
    expect([pages?.length, drawn(pdf)]).toEqual([1, true]);
  });
});

/** Whether a PDF draws text: its streams, unpacked, show glyphs. */
function drawn(pdf: Buffer): boolean {
  const text = pdf.toString('latin1');
  return [...text.matchAll(/stream\r?\n([\s\S]*?)endstream/g)].some(([, body = '']) => {
    try {
      return / T[Jj]\b/.test(inflateSync(Buffer.from(body, 'latin1')).toString('latin1'));
    } catch {
      return false;
    }
  });
}
