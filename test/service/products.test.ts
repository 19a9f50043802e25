import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Role } from '../../service/identity/permissions.ts';
import { runMain } from '../cli/run-main.ts';
import { goodSales, openShop, type Shop } from '../cli/shop.ts';
import { odpsFaults } from '../products/odps-faults.ts';
import { openService } from './open-service.ts';

let shop: Shop;
beforeAll(async () => {
  shop = await openShop();
  const file = path.join(shop.cwd, 'contracts/shop/monthly_sales.yaml');
  const text = (await readFile(file, 'utf8'))
    .replace(
      '    customProperties:\n',
      `    customProperties:
      - { property: assay.product, value: { title: "<b>Sales</b>", documentation: ["https://wiki.example.org/s"] } }
      - { property: assay.deprecated, value: { until: 2020-06-30, use: shop.sales } }
`,
    )
    .replace('status: active', 'status: deprecated')
    .replace(/(name: amount[\s\S]*?classification: )public/, '$1personal');
  await writeFile(file, text);
  await runMain(['ingest', await shop.write('a.csv', goodSales(11, 13)), '--dataset', 'shop.sales'], shop);
  await runMain(['run'], shop);
});
afterAll(() => shop.dispose());

/** What a service answers that is opened for one person. */
async function as<T>(
  who: { name?: string; roles?: readonly Role[]; teams?: readonly string[]; isReadOnly?: boolean },
  work: (service: Awaited<ReturnType<typeof openService>>) => Promise<T>,
): Promise<T> {
  const service = await openService(shop.cwd, who);
  try {
    return await work(service);
  } finally {
    await service.close();
  }
}

const TABLE = 'gold.shop_monthly_sales';

test('a product is listed and told, with a descriptor of the standard at its own address', async () => {
  await as({ roles: ['viewer'] }, async (service) => {
    const { products } = (await service.json('/v1/products')) as { products: object[] };
    expect(products).toMatchObject([{ dataset: 'shop.monthly_sales', status: 'retired', table: TABLE }]);
    const one = (await service.json('/v1/products/shop.monthly_sales')) as Record<string, unknown>;
    expect(one).toMatchObject({ reads: null, costs: { refreshes: 1 }, owner: 'finance' });
    // The personal column is in the sample of nobody.
    expect(one.sample).toMatchObject({ rows: [{ as_of_month: '2024-03-01', sales: 3 }] });
    expect(JSON.stringify(one.sample)).not.toContain('amount');
    const descriptor = (await service.json('/v1/products/shop.monthly_sales/odps')) as object;
    expect(await odpsFaults(descriptor)).toEqual([]);
    expect(JSON.stringify(descriptor)).toContain('http://assay.test:1/v1/products/shop.monthly_sales');
    const missing = await service.ask('/v1/products/shop.sales');
    expect([missing.status, await missing.json()]).toEqual([
      404,
      expect.objectContaining({ code: 'NO_PRODUCT' }),
    ]);
  });
});

test('each way of reading it counts for who reads; owners and auditors see that, others do not', async () => {
  await as({ name: 'rea', roles: ['analyst'] }, async (service) => {
    await (await service.ask('/v1/data/shop.monthly_sales')).text();
    await service.json('/v1/reports/shop.monthly_sales');
    await service.post('/v1/query', { sql: `SELECT count(*) AS n FROM ${TABLE} -- silver.shop_sales` });
    const graphql = await service.post('/graphql', {
      query: '{ shop__monthly_sales { nodes { sales } } }',
    });
    expect(await graphql.text()).toContain('"sales"');
    const cookie = await service.signIn();
    await (
      await service.send('/reports/shop.monthly_sales', { headers: { cookie, accept: 'text/html' } })
    ).text();
    // Other tables are no products.
    await (await service.ask('/v1/data/shop.sales')).text();
  });
  // Who sees every value is given the table itself.
  await as({ name: 'amy', roles: ['admin'] }, (service) =>
    service.json('/iceberg/v1/namespaces/gold/tables/shop_monthly_sales'),
  );
  await as({ name: 'ron', isReadOnly: true }, (service) => service.json('/v1/reports/shop.monthly_sales'));
  const owner = { name: 'fay', roles: ['viewer'] as const, teams: ['finance'] };
  for (const who of [owner, { name: 'aud', roles: ['auditor'] as const }]) {
    const { reads } = (await as(who, (service) => service.json('/v1/products/shop.monthly_sales'))) as {
      reads: { by: string; way: string; reads: number }[];
    };
    const ways = new Map<string, number>();
    for (const { by, way, reads: count } of reads)
      ways.set(`${by} ${way}`, (ways.get(`${by} ${way}`) ?? 0) + count);
    expect(Object.fromEntries(ways)).toEqual({
      'amy iceberg': 1,
      'rea api': 2,
      'rea console': 1,
      'rea graphql': 1,
      'rea sql': 1,
    });
  }
});

test('its page says what it is, and who read it to those who may know', async () => {
  const pageFor = (roles: readonly Role[], at: string): Promise<string> =>
    as({ name: 'pia', roles }, async (service) => {
      const cookie = await service.signIn();
      return await (await service.send(at, { headers: { cookie, accept: 'text/html' } })).text();
    });
  expect(await pageFor(['viewer'], '/products')).toContain('1 data product; 1 of them ends.');
  const seen = await pageFor(['auditor'], '/products/shop.monthly_sales');
  for (const part of [
    '&lt;b&gt;Sales&lt;/b&gt;',
    'retired',
    'https://wiki.example.org/s',
    '2024-03-01',
    '>rea<',
  ])
    expect(seen).toContain(part);
  expect(seen).toContain('it was promised until 2020-06-30');
  expect(await pageFor(['viewer'], '/products/shop.monthly_sales')).not.toContain('>rea<');
});
