import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { ROUTES } from '../../service/api/routes.ts';
import { runMain, runMainJson } from '../cli/run-main.ts';
import { openShop, type Shop } from '../cli/shop.ts';
import { expectInert, IMAGE, LINK, SCRIPT, shownScripts } from './inert.ts';
import { type AskedService, openService } from './open-service.ts';

let shop: Shop;
let service: AskedService;
let runId: string;
beforeAll(async () => {
  shop = await openShop('{ maxQuarantineRate: 0.1, smallBatchRecords: 2 }');
  const contract = 'contracts/shop/sales.yaml';
  const { readFile } = await import('node:fs/promises');
  const text = await readFile(`${shop.cwd}/${contract}`, 'utf8');
  await shop.write(
    contract,
    text
      .replace('Who bought.', `'${SCRIPT} ${IMAGE}'`)
      .replace('Sales of a small shop.', `'${LINK} ${SCRIPT}'`),
  );
  const name = "a'%22&gt;<b onmouseover=alert(1)>.csv".replaceAll(/[<>"]/g, '_');
  await shop.write(
    `drop/${name}`,
    `sale_id,customer,amount,sold_on\n"${SCRIPT}",Ann,1.00,2024-01-02\n2,"${IMAGE.replaceAll('"', '""')}",${LINK},2024-01-03\n`,
  );
  await runMain(['ingest', `drop/${name}`, '--dataset', 'shop.sales'], shop);
  const { json } = await runMainJson(['run'], shop);
  runId = (json as { runId: string }[])[0]?.runId ?? '';
  service = await openService(shop.cwd);
  const refused = await service.post(`/v1/runs/${runId}/refuse`, { reason: `${SCRIPT} ${IMAGE}` });
  expect(refused.status).toBe(200);
});
afterAll(() => shop.dispose());

test('values that come from files and people are text on every page: no tag, attribute or address is made of them', async () => {
  const addresses = [
    '/',
    '/datasets',
    `/datasets?q=${encodeURIComponent(SCRIPT + IMAGE)}`,
    '/datasets/shop.sales',
    '/runs',
    `/runs/${runId}`,
    '/quarantine',
    `/quarantine?dataset=shop.sales&file=${encodeURIComponent(IMAGE)}`,
    `/quarantine?dataset=${encodeURIComponent(SCRIPT)}`,
    `/quarantine?state=${encodeURIComponent(IMAGE)}`,
    '/activity',
    '/privacy',
    `/datasets/${encodeURIComponent(IMAGE)}`,
    `/nowhere/${encodeURIComponent(SCRIPT)}`,
  ];
  let seen = 0;
  for (const at of addresses) {
    const page = await (await service.ask(at, { headers: { accept: 'text/html' } })).text();
    expectInert(at, page);
    seen += shownScripts(page);
  }
  // They are shown, and were not left out.
  expect(seen).toBeGreaterThan(4);
});

test('the API answers no page that a browser could take for one', async () => {
  for (const { path, method } of ROUTES.filter((one) => one.method === 'get')) {
    const at = path
      .replace('{runId}', runId)
      .replace('{dataset}', 'shop.sales')
      .replace('{report}', 'shop.monthly_sales');
    const answer = await service.ask(at, { method, headers: { accept: 'text/html' } });
    expect(answer.headers.get('content-type')).toMatch(/^(application\/(problem\+)?json|text\/event-stream)/);
    await answer.body?.cancel();
  }
});
