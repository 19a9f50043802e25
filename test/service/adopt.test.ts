import path from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { everyFile } from '../../adapters/local/every-file.ts';
import { lookThrough } from '../../etl/privacy/looking/look-through.ts';
import { runMain, runMainJson } from '../cli/run-main.ts';
import { openShop, type Shop } from '../cli/shop.ts';
import { paymentsContract } from '../personal/adopted-shop.ts';
import { type AskedService, openService } from './open-service.ts';

/** A dataset that became protected is adopted on the Privacy page: first what would be done, then that it is. */

const MAY = `id,customer,mail,code,secret,day,amount
p1,42,ann-planted@example.org,code-planted-1,,2024-05-01,10.00
p2,43,ben-planted at example.org,code-planted-2,,2024-05-02,20.00
`;
const VALUES = ['ann-planted@example.org', 'ben-planted at example.org', 'code-planted-1'];

let shop: Shop;
let [ann, cy] = [{} as AskedService, {} as AskedService];
beforeAll(async () => {
  shop = await openShop();
  await shop.write('contracts/shop/payments.yaml', paymentsContract('clear', '1.0.0'));
  await shop.write('may.csv', MAY);
  expect((await runMain(['ingest', 'may.csv', '--dataset', 'shop.payments'], shop)).code).toBe(0);
  expect((await runMainJson(['run', '--dataset', 'shop.payments'], shop)).json).toMatchObject([
    { status: 'promoted', counts: { silver: 1 } },
  ]);
  expect((await runMain(['vault', 'init'], shop)).code).toBe(0);
  await shop.write('contracts/shop/payments.yaml', paymentsContract('protected', '2.0.0'));
  ann = await openService(shop.cwd, { roles: ['privacy'] });
  cy = await openService(shop.cwd, { name: 'cy', roles: ['auditor'] });
});
afterAll(async () => {
  for (const service of [ann, cy]) await service.close();
  await shop.dispose();
});

const pageOf = async (service: AskedService, cookie: string): Promise<string> =>
  await (await service.send('/privacy', { headers: { cookie, accept: 'text/html' } })).text();
const found = async (): Promise<number> =>
  (await lookThrough(everyFile(path.join(shop.cwd, 'lake')), VALUES)).found.length;

test('who may decide sees what it would do, gives a reason, and nothing of it is in the clear any more', async () => {
  const cookie = await ann.signIn();
  const form = async (at: string, fields: Readonly<Record<string, string>>): Promise<Response> => {
    const [, csrf = ''] = /name="csrf" value="([^"]+)"/.exec(await pageOf(ann, cookie)) ?? [];
    const body = new URLSearchParams({ csrf, dataset: 'shop.payments', ...fields });
    return await ann.send(at, { method: 'POST', body, headers: { cookie, origin: 'http://assay.test:1' } });
  };
  expect(await pageOf(ann, cookie)).toContain('Show what adopting shop.payments would do');
  const auditor = await cy.signIn();
  const seen = await pageOf(cy, auditor);
  expect(seen).toContain('has 1 file in the clear');
  expect(seen).not.toContain('Show what adopting');
  const shown = await form('/privacy/adopt/preview', {});
  const text = await shown.text();
  expect([shown.status, text]).toEqual([200, expect.stringContaining('Nothing was done yet')]);
  expect(text).toContain('silver.shop.payments');
  expect(await found()).toBeGreaterThan(0);
  expect((await form('/privacy/adopt', {})).status).toBe(400);
  const done = await form('/privacy/adopt', { reason: 'personal since version 2' });
  expect(done.status).toBe(303);
  let page = await pageOf(ann, cookie);
  while (page.includes('It is being adopted')) page = await pageOf(ann, cookie);
  expect(page).not.toContain('in the clear');
  expect(await found()).toBe(0);
  // The decision comes last of all.
  let decisions: object[] = [];
  while (decisions.length === 0)
    ({ decisions } = (await cy.json('/v1/decisions?kind=adopted')) as { decisions: object[] });
  expect(decisions).toMatchObject([{ by: 'ann', reason: 'personal since version 2' }]);
  // Who may not decide is refused.
  const denied = await cy.send('/privacy/adopt', {
    method: 'POST',
    body: new URLSearchParams({ dataset: 'shop.payments', reason: 'a test' }),
    headers: { cookie: auditor, origin: 'http://assay.test:1' },
  });
  expect(denied.status).toBe(403);
}, 60_000);
