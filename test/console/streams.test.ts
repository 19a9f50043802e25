import { once } from 'node:events';
import { cp, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import axe from 'axe-core';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { tempFolder } from '../adapters/temp-folder.ts';
import { startAssay } from '../cli/assay.ts';
import { runMain } from '../cli/run-main.ts';
import { openChromium, signedIn, watchedPage } from './browser.ts';
import { layoutFaults, openPages } from './layout-faults.ts';

/** The example's events, judged; the pages are compared with the evidence files, as JSON.parse reads them. */

const EXAMPLE = path.resolve('examples/orders');
const PRODUCTS = path.resolve('examples/products');

let browser: Browser;
let window: BrowserContext;
let url: string;
let cwd: string;
let end: () => Promise<void>;
beforeAll(async () => {
  const { folder, dispose } = await tempFolder();
  cwd = folder;
  const place = { cwd };
  await cp(path.join(EXAMPLE, 'contracts'), path.join(cwd, 'contracts'), { recursive: true });
  await cp(PRODUCTS, cwd, { recursive: true });
  await runMain(['init', '--lake', 'lake'], place);
  const months = ['2026-01.jsonl', '2026-02.jsonl', '2026-03.jsonl'];
  for (const line of [
    ['ingest', ...months, '--dataset', 'products.events'],
    ['run', '--dataset', 'products.events'],
  ])
    expect((await runMain(line, place)).code).toBe(0);
  const policies = path.join(EXAMPLE, 'policies');
  const why = ['--reason', 'first', '--by', 'ann'];
  await runMain(
    ['policy', 'set', 'orders.created', '--file', path.join(policies, 'orders.created.yaml'), ...why],
    place,
  );
  await runMain(
    ['policy', 'resolution', 'orders.created', '--file', path.join(policies, 'resolution.yaml'), ...why],
    place,
  );
  const from = ['--from', path.join(EXAMPLE, 'raw.orders.events.jsonl'), '--topic', 'raw.orders.events'];
  expect((await runMain(['enforce', ...from, '--no-run'], place)).code).toBe(1);
  const child = startAssay(['serve', '--port', '0', '--json'], place);
  const [line] = await once(child.stdout.setEncoding('utf8'), 'data');
  const served: { url: string; token: string } = JSON.parse(String(line));
  url = served.url;
  browser = await openChromium();
  window = await signedIn(browser, { ...served, options: { bypassCSP: false } });
  end = async () => {
    await browser.close();
    child.kill('SIGKILL');
    await dispose();
  };
});
afterAll(() => end?.());

interface Kept {
  readonly evidence_id: string;
  readonly dataset_urn: string;
  readonly source: { readonly offset: number };
  readonly validation: { readonly result: string; readonly reason_codes: readonly string[] };
}

async function keptEvidence(): Promise<Kept[]> {
  const root = path.join(cwd, 'lake/ops/evidence');
  const names = (await readdir(root, { recursive: true })).filter((name) => name.endsWith('.jsonl'));
  const texts = await Promise.all(names.map((name) => readFile(path.join(root, name), 'utf8')));
  return texts.flatMap((text) => text.split('\n').filter(Boolean)).map((line) => JSON.parse(line) as Kept);
}

test('the page says what is wrong, and leads from an incident to the events, their evidence and the command to send them again', async () => {
  const kept = await keptEvidence();
  const orders = kept.filter((one) => one.dataset_urn === 'urn:dp:orders:created');
  const passed = orders.filter(({ validation }) => validation.result === 'PASS').length;
  const { page, trouble } = await watchedPage(window, url);
  await page.goto(`${url}/streams`);
  expect(await page.locator('h1').textContent()).toBe('3 incidents are open, 2 of them critical.');
  const row = page.getByRole('region', { name: 'Datasets of events' }).locator('tbody tr').first();
  const cells = await row.locator('td').allTextContents();
  expect(cells.slice(0, 4)).toEqual([
    ...['orders.created', '2026-01-13 12:01', String(orders.length)],
    `✕ ${((passed / orders.length) * 100).toFixed(1)} %`,
  ]);
  await page.getByRole('link', { name: 'contract breakage' }).click();
  const first = orders.find(({ validation }) => validation.reason_codes.includes('NULL_VALUE:customer_id'));
  const text = await page.locator('main').textContent();
  for (const said of [
    'NULL_VALUE:customer_id',
    `offset ${first?.source.offset}`,
    'orders-svc',
    'orders-team',
  ])
    expect(text).toContain(said);
  expect(await page.getByText('assay redrive').textContent()).toContain(
    '--dataset orders.created --code NULL_VALUE',
  );
  await page.getByRole('region', { name: 'Samples' }).locator('tbody a').first().click();
  expect(await page.locator('main').textContent()).toContain(first?.evidence_id);
  expect(trouble).toEqual([]);
  await page.close();
});

test('evidence is searched by what is said in the form, and a wrong number is told', async () => {
  const failed = (await keptEvidence()).filter(({ validation }) => validation.result === 'FAIL');
  const { page } = await watchedPage(window, url);
  await page.goto(`${url}/streams`);
  await page.getByLabel('result', { exact: true }).selectOption('FAIL');
  await page.getByRole('button', { name: 'Show' }).click();
  const table = page.getByRole('region', { name: 'Evidence' });
  expect(await table.locator('tbody tr').count()).toBe(failed.length);
  await page.getByLabel('reason').fill('RANGE_ERROR');
  await page.getByRole('button', { name: 'Show' }).click();
  expect(await table.locator('tbody tr').count()).toBe(1);
  await page.getByLabel('offset').fill('many');
  await page.getByRole('button', { name: 'Show' }).click();
  expect(await page.locator('main').textContent()).toContain("The offset is 'many': write a whole number.");
  await page.close();
});

const numericHeads = (page: Page): Promise<string[]> => page.locator('main th.n').allTextContents();

interface ProductEvent {
  readonly customer_product_id: string;
  readonly version: number;
  readonly event_type: string;
  readonly monthly_price?: string;
}

test('a stream has a timeline: events left, the state after the chosen one right, with what it changed', async () => {
  const names = (await readdir(PRODUCTS)).filter((name) => name.endsWith('.jsonl'));
  const texts = await Promise.all(names.map((name) => readFile(path.join(PRODUCTS, name), 'utf8')));
  const all = texts
    .flatMap((text) => text.trim().split('\n'))
    .map((line) => JSON.parse(line) as ProductEvent);
  const own = all.filter((one) => one.customer_product_id === 'CP-005').sort((a, b) => a.version - b.version);
  const { page, trouble } = await watchedPage(window, url);
  await page.goto(`${url}/datasets/products.held`);
  await page.getByLabel('customer_product_id').fill('CP-005');
  await page.getByRole('button', { name: 'Show' }).click();
  const events = page.getByRole('region', { name: 'Events' });
  expect(await events.locator('li > a').allTextContents()).toEqual(own.map((one) => one.event_type));
  const state = page.getByRole('region', { name: 'State' });
  expect(await state.textContent()).toContain(
    `${own.at(-1)?.monthly_price} was ${own.at(-2)?.monthly_price}`,
  );
  await page.getByRole('link', { name: '← Event before' }).click();
  await events.locator('li > a').nth(1).click();
  expect(await page.locator('h1').textContent()).toBe('CP-005 after event 2 of 5: customer_product.paused');
  expect(await state.locator('ins').allTextContents()).toEqual(['paused']);
  expect(await events.locator('[aria-current]').textContent()).toContain('customer_product.paused');
  await page.getByLabel('happened by').fill('2026-01-31');
  await page.getByRole('button', { name: 'Show' }).click();
  expect(await events.locator('li').count()).toBe(1);
  await page.getByLabel('happened by').fill('2025-01-01');
  await page.getByRole('button', { name: 'Show' }).click();
  expect(await page.locator('main').textContent()).toContain('No event of this stream had happened by then');
  expect(trouble).toEqual([]);
  await page.close();
});

test('a timeline has what is published while it is looked at, without a reload', async () => {
  const { page, trouble } = await watchedPage(window, url);
  await page.goto(`${url}/datasets/products.held/streams/CP-005`);
  await page.evaluate('window.isTheSame = true');
  const state = page.getByRole('region', { name: 'State' });
  const text = await readFile(path.join(PRODUCTS, '2026-01.jsonl'), 'utf8');
  const [first = ''] = text.split('\n').filter((line) => line.includes('"CP-005"'));
  for (const [n, monthly_price] of ['77.01', '77.02'].entries()) {
    const event = {
      event_id: `E-900${n}`,
      version: 6 + n,
      event_type: 'customer_product.repriced',
      monthly_price,
    };
    await writeFile(path.join(cwd, `${n}.jsonl`), JSON.stringify({ ...JSON.parse(first), ...event }));
    for (const line of [
      ['ingest', `${n}.jsonl`, '--dataset', 'products.events'],
      ['run', '--dataset', 'products.events'],
    ])
      expect((await runMain(line, { cwd })).code).toBe(0);
    await page.getByRole('heading', { name: `CP-005 after the last of ${6 + n} events` }).waitFor();
    expect(await state.textContent()).toContain(monthly_price);
  }
  expect(await page.evaluate('window.isTheSame')).toBe(true);
  expect(trouble).toEqual([]);
  await page.close();
});

test.each(['light', 'dark'] as const)(
  'axe finds nothing serious, and nothing is wider than a phone, %s',
  async (colorScheme) => {
    const context = await browser.newContext({
      bypassCSP: true,
      colorScheme,
      viewport: { width: 360, height: 700 },
    });
    await context.addCookies(await window.cookies());
    const page = await context.newPage();
    const look = async (): Promise<void> => {
      expect(await layoutFaults(page)).toEqual([]);
      expect((await openPages(page)).length).toBe(1);
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360);
      await page.evaluate(axe.source);
      const found: readonly { impact: string | null; id: string }[] = await page.evaluate(
        'window.axe.run().then(({ violations }) => violations)',
      );
      expect(
        found.filter(({ impact }) => impact === 'serious' || impact === 'critical').map(({ id }) => id),
      ).toEqual([]);
    };
    await page.goto(`${url}/streams`);
    await look();
    await page.getByRole('link', { name: 'compliance' }).click();
    await look();
    await page.goto(`${url}/streams/evidence?result=FAIL`);
    await look();
    await page.goto(`${url}/datasets/products.held/streams/CP-005?event=4`);
    await look();
    // Figures stand beneath one another by their last digits, whatever JSON has them as.
    expect(await numericHeads(page)).toEqual(['monthly_price', 'changes']);
    await page.goto(`${url}/datasets/products.held`);
    await look();
    await page.getByRole('link', { name: 'what it promises, who reads it' }).click();
    await look();
    expect(await numericHeads(page)).toEqual(['monthly_price', 'changes', 'reads']);
    await page.getByRole('link', { name: 'All products' }).click();
    await look();
    await context.close();
  },
);
