import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { runMain } from '../cli/run-main.ts';
import { openShop, type Shop } from '../cli/shop.ts';
import { type AskedService, openService } from './open-service.ts';

/** What Iceberg's REST protocol says of its reading half; engines read through it in test/engines. */

let shop: Shop;
let service: AskedService;
beforeAll(async () => {
  shop = await openShop();
  await shop.write(
    'sales.csv',
    'sale_id,customer,amount,sold_on\n1,Cem,1.10,2024-01-02\n2,Dot,x,2024-01-03\n',
  );
  await runMain(['ingest', 'sales.csv', '--dataset', 'shop.sales'], shop);
  await runMain(['run'], shop);
  service = await openService(shop.cwd);
});
afterAll(() => shop.dispose());

const V1 = '/iceberg/v1';
const status = async (at: string, init: RequestInit = {}): Promise<number> =>
  (await service.ask(at, init)).status;

test('the catalog lists what was published, and what it can', async () => {
  expect(await service.json(`${V1}/config`)).toMatchObject({ defaults: {}, overrides: {} });
  expect(await service.json(`${V1}/namespaces`)).toEqual({
    namespaces: [['silver'], ['gold'], ['projection'], ['quarantine'], ['condemned']],
  });
  expect(await service.json(`${V1}/namespaces?parent=silver`)).toEqual({ namespaces: [] });
  expect(await service.json(`${V1}/namespaces/silver`)).toEqual({ namespace: ['silver'], properties: {} });
  expect(await service.json(`${V1}/namespaces/silver/tables`)).toEqual({
    identifiers: [{ namespace: ['silver'], name: 'shop_sales' }],
  });
});

test('a table is given with its metadata, and not again where it has not changed', async () => {
  const answer = await service.ask(`${V1}/namespaces/silver/tables/shop_sales`);
  const table = (await answer.json()) as { metadata: { 'format-version': number; location: string } };
  expect(table).toMatchObject({ metadata: { 'format-version': 2 }, config: {} });
  expect(table).toHaveProperty('metadata-location', expect.stringMatching(/^file:.*\.metadata\.json$/));
  const headers = { 'if-none-match': answer.headers.get('etag') ?? '' };
  expect(await status(`${V1}/namespaces/silver/tables/shop_sales`, { headers })).toBe(304);
  expect(await status(`${V1}/namespaces/silver/tables/shop_sales`, { method: 'HEAD' })).toBe(200);
});

test.each([
  [`${V1}/namespaces/nope`, 'GET', 404, 'NoSuchNamespaceException'],
  [`${V1}/namespaces/silver/tables/nope`, 'GET', 404, 'NoSuchTableException'],
  [`${V1}/namespaces/ops/tables`, 'GET', 404, 'NoSuchNamespaceException'],
  [`${V1}/namespaces/silver/tables/..%2F..%2Fgold`, 'GET', 404, 'NoSuchTableException'],
  [`${V1}/namespaces`, 'POST', 403, 'ForbiddenException'],
  [`${V1}/namespaces/silver/tables/shop_sales`, 'DELETE', 403, 'ForbiddenException'],
  [`${V1}/transactions/commit`, 'POST', 403, 'ForbiddenException'],
])('%s by %s is %i, in Iceberg’s own words', async (at, method, code, type) => {
  const answer = await service.ask(at, { method });
  expect(await answer.json()).toMatchObject({ error: { code, type, message: expect.any(String) } });
  expect(answer.status).toBe(code);
});

test('nobody who is not signed in reads it', async () => {
  const answer = await service.send(`${V1}/config`);
  expect([answer.status, await answer.json()]).toMatchObject([
    401,
    { error: { type: 'NotAuthorizedException' } },
  ]);
});

test('a table with values that a role may not see is not there', async () => {
  const analyst = await openService(shop.cwd, { roles: ['analyst'] });
  expect(await analyst.json(`${V1}/namespaces`)).toEqual({
    namespaces: [['silver'], ['gold'], ['projection']],
  });
  expect(await analyst.json(`${V1}/namespaces/silver/tables`)).toEqual({ identifiers: [] });
  expect((await analyst.ask(`${V1}/namespaces/silver/tables/shop_sales`)).status).toBe(404);
  expect(await analyst.json(`${V1}/namespaces/gold/tables`)).toMatchObject({
    identifiers: [{ namespace: ['gold'] }],
  });
});
