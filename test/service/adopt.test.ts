import path from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { everyFile } from '../../adapters/local/every-file.ts';
import { lookThrough } from '../../etl/privacy/looking/look-through.ts';
import { runMain, runMainJson } from '../cli/run-main.ts';
import { openShop, type Shop } from '../cli/shop.ts';
import { paymentsContract } from '../personal/adopted-shop.ts';
import { type AskedService, openService } from './open-service.ts';

/** Datasets that became protected are adopted on the Privacy page and by the API: first what would be done, then that it is. */

const MAY = `id,customer,mail,code,secret,day,amount
p1,42,ann-planted@example.org,code-planted-1,,2024-05-01,10.00
p2,43,ben-planted at example.org,code-planted-2,,2024-05-02,20.00
`;
const VALUES = ['ann-planted@example.org', 'ben-planted at example.org', 'code-planted-1'];

const refundsContract = (...of: Parameters<typeof paymentsContract>): string =>
  paymentsContract(...of).replaceAll('payments', 'refunds');

let shop: Shop;
let [ann, cy] = [{} as AskedService, {} as AskedService];
beforeAll(async () => {
  shop = await openShop();
  await shop.write('contracts/shop/payments.yaml', paymentsContract('clear', '1.0.0'));
  await shop.write('contracts/shop/refunds.yaml', refundsContract('clear', '1.0.0'));
  await shop.write('may.csv', MAY);
  for (const dataset of ['shop.payments', 'shop.refunds']) {
    expect((await runMain(['ingest', 'may.csv', '--dataset', dataset], shop)).code).toBe(0);
    expect((await runMainJson(['run', '--dataset', dataset], shop)).json).toMatchObject([
      { status: 'promoted', counts: { silver: 1 } },
    ]);
  }
  expect((await runMain(['vault', 'init'], shop)).code).toBe(0);
  await shop.write('contracts/shop/payments.yaml', paymentsContract('protected', '2.0.0'));
  await shop.write('contracts/shop/refunds.yaml', refundsContract('protected', '2.0.0'));
  ann = await openService(shop.cwd, { roles: ['privacy'] });
  cy = await openService(shop.cwd, { name: 'cy', roles: ['auditor'] });
});
afterAll(async () => {
  for (const service of [ann, cy]) await service.close();
  await shop.dispose();
});

const pageOf = async (service: AskedService, cookie: string): Promise<string> =>
  await (await service.send('/privacy', { headers: { cookie, accept: 'text/html' } })).text();
/** How often the values stand in files of a dataset. */
const found = async (dataset: string): Promise<number> => {
  const all = await lookThrough(everyFile(path.join(shop.cwd, 'lake')), VALUES);
  return all.found.filter(({ file }) => file.includes(dataset)).length;
};

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
  expect(await found('payments')).toBeGreaterThan(0);
  expect((await form('/privacy/adopt', {})).status).toBe(400);
  const done = await form('/privacy/adopt', { reason: 'personal since version 2' });
  expect(done.status).toBe(303);
  let page = await pageOf(ann, cookie);
  while (page.includes('It is being adopted')) page = await pageOf(ann, cookie);
  expect(page).not.toContain('Show what adopting shop.payments');
  expect(await found('payments')).toBe(0);
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
});

test('a program asks what it would do, has it done, and asks how it stands', async () => {
  const at = '/v1/privacy/adoptions/shop.refunds';
  expect(await cy.json(at)).toMatchObject({ dataset: 'shop.refunds', state: 'none', removed: null });
  expect((await cy.post(`${at}/preview`, {})).status).toBe(403);
  expect((await cy.post(at, { reason: 'a test' })).status).toBe(403);
  const preview = await ann.post(`${at}/preview`, {});
  expect([preview.status, await preview.json()]).toMatchObject([200, { files: 1, isMigration: true }]);
  expect(await found('refunds')).toBeGreaterThan(0);
  expect((await ann.post(at, {})).status).toBe(400);
  const done = await ann.post(at, { reason: 'personal since version 2' });
  expect([200, 202]).toContain(done.status);
  let state = (await ann.json(at)) as { state: string };
  while (state.state === 'under-way') state = (await ann.json(at)) as { state: string };
  expect(state).toMatchObject({ state: 'adopted', removed: expect.any(Number), error: null });
  expect(await found('refunds')).toBe(0);
  expect((await ann.post('/v1/privacy/adoptions/shop.nothing', { reason: 'a test' })).status).toBe(404);
  expect((await ann.ask('/v1/privacy/adoptions/shop.nothing')).status).toBe(404);
});
