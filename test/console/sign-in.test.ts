import { once } from 'node:events';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { freePort } from '../aws/support/processes.ts';
import { startAssay } from '../cli/assay.ts';
import { runMain, runMainJson } from '../cli/run-main.ts';
import { openShop, type Shop } from '../cli/shop.ts';
import { startIssuer, type TestIssuer } from '../service/issuer.ts';
import { AUDIENCE, CLIENT_ID } from '../service/oidc-client.ts';
import { openChromium, PATIENCE_MS } from './browser.ts';

/** Two people at a lake that is served with an issuer: each under a name and with roles of their own. */

let shop: Shop;
let issuer: TestIssuer;
let child: ReturnType<typeof startAssay>;
let browser: Browser;
let url: string;
let held: string;
beforeAll(async () => {
  shop = await openShop('{ maxQuarantineRate: 0.1, smallBatchRecords: 2 }');
  await shop.write('a.csv', 'sale_id,customer,amount,sold_on\n1,Ann,1.10,2024-01-02\n2,Bob,x,2024-01-03\n');
  await runMain(['ingest', 'a.csv', '--dataset', 'shop.sales'], shop);
  const { json } = await runMainJson(['run'], shop);
  held = (json as { runId: string }[])[0]?.runId ?? '';
  const port = await freePort();
  url = `http://127.0.0.1:${port}`;
  issuer = await startIssuer([`${url}/sign-in/callback`]);
  const oidc = ['--oidc-issuer', issuer.url, '--oidc-audience', AUDIENCE, '--oidc-client-id', CLIENT_ID];
  child = startAssay(['serve', '--port', String(port), '--json', ...oidc], shop);
  const [line] = await once(child.stdout.setEncoding('utf8'), 'data');
  expect(JSON.parse(String(line))).toEqual({ url, token: null, pid: child.pid });
  browser = await openChromium();
});
afterAll(async () => {
  await browser?.close();
  child?.kill('SIGKILL');
  await issuer?.stop();
  await shop?.dispose();
});

/** Opens a page as somebody who is known nowhere yet, and signs in where the issuer asks. */
async function openAs(person: string, at: string): Promise<Page> {
  const page = await (await browser.newContext()).newPage();
  page.setDefaultTimeout(PATIENCE_MS);
  await page.goto(url + at);
  expect(page.url()).toContain(issuer.url);
  await page.locator('input[name=login]').fill(person);
  await page.locator('input[name=password]').fill('x');
  await page.locator('button[type=submit]').click();
  await page.getByRole('button', { name: 'Continue' }).click();
  return page;
}

test('who may only look sees no button, who may decide does, and the decision has their name', async () => {
  const vic = await openAs('vic', '/');
  expect(vic.url()).toBe(`${url}/`);
  const refused = await vic.goto(`${url}/runs/${held}`);
  expect(refused?.status()).toBe(403);
  const ann = await openAs('ann', `/runs/${held}`);
  expect(ann.url()).toBe(`${url}/runs/${held}`);
  await ann.getByLabel('Why it may be published').fill('the supplier says so');
  await ann.getByRole('button', { name: /^Publish/ }).click();
  await ann.getByText('promoted').first().waitFor();
  const bob = await openAs('bob', '/activity');
  const line = await bob.locator('tbody tr').first().textContent();
  expect(line).toContain('the supplier says so');
  expect(line).toContain('ann');
});

test('a record is released by two people: who asked for it can only take it back', async () => {
  const ann = await openAs('ann', '/quarantine?dataset=shop.sales');
  await ann.getByLabel('choose record 2 of').check();
  await ann.getByLabel('Why').fill('never happened');
  await ann.getByRole('button', { name: 'Condemn the ticked' }).click();
  await ann.getByRole('button', { name: 'Condemn 1 record' }).click();
  await ann.goto(`${url}/quarantine?dataset=shop.sales&state=condemned`);
  await ann.getByLabel('Why').fill('it did happen');
  await ann.getByRole('button', { name: 'Ask to release the one that is listed' }).click();
  expect(await ann.getByRole('button', { name: /^Release/ }).count()).toBe(0);
  const bob = await openAs('bob', '/quarantine?dataset=shop.sales&state=condemned');
  expect(await bob.locator('.needs').textContent()).toContain('ann');
  await bob.locator('.needs').getByLabel('Why').fill('the receipt is there');
  await bob.getByRole('button', { name: /^Release/ }).click();
  expect(await bob.locator('.done').textContent()).toContain('1 record released');
  await ann.goto(`${url}/quarantine?dataset=shop.sales`);
  expect(await ann.locator('h1').textContent()).toBe('1 open record of shop.sales');
});

test('one person of finance closes a month, and another accepts what came late for it', async () => {
  const at = '/reports/shop.monthly_sales?month=2024-01';
  const fay = await openAs('fay', at);
  await fay.locator('#decide-reason').fill('reported');
  await fay.getByRole('button', { name: /^Close 2024-01/ }).click();
  await fay.getByRole('heading', { name: 'Reopen 2024-01' }).waitFor();
  await shop.write('late.csv', 'sale_id,customer,amount,sold_on\n3,Ann,7.00,2024-01-09\n');
  await runMain(['ingest', 'late.csv', '--dataset', 'shop.sales'], shop);
  await runMain(['run'], shop);
  const gil = await openAs('gil', at);
  // The month is as it was closed, and what would change it is told.
  expect(await gil.locator('.needs').first().textContent()).toContain('Late data would change 2024-01');
  await gil.locator('.needs').first().getByLabel('Why 2024-01 may change').fill('a late receipt');
  await gil.getByRole('button', { name: /and close 2024-01 anew/ }).click();
  await gil.getByRole('heading', { name: 'Reopen 2024-01' }).waitFor();
  expect(await gil.locator('.needs').count()).toBe(0);
  await fay.goto(url + at);
  // 1.10 and 7.00.
  expect(await fay.locator('main').textContent()).toContain('8.10');
  const bob = await openAs('bob', '/activity?dataset=shop.monthly_sales');
  const lines = await bob.locator('tbody tr').allTextContents();
  expect(lines.filter((line) => line.includes('gil') && line.includes('a late receipt'))).not.toEqual([]);
  expect(lines.filter((line) => line.includes('fay') && line.includes('reported'))).not.toEqual([]);
});

test('who signs out is signed out, here and at the issuer', async () => {
  const page = await openAs('ann', '/datasets');
  await page.getByRole('button', { name: 'Sign out' }).click();
  expect(page.url()).toBe(`${url}/signed-out`);
  await page.getByRole('link', { name: 'sign out there, too' }).click();
  await page.getByRole('button', { name: /yes/i }).click();
  await page.goto(`${url}/datasets`);
  // Nobody is known any more: the issuer asks again.
  expect(page.url()).toContain(`${issuer.url}/interaction/`);
});
