import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Role } from '../../service/identity/permissions.ts';
import { runMain } from '../cli/run-main.ts';
import { openShop, type Shop } from '../cli/shop.ts';
import { openService } from './open-service.ts';

/** What the page of a dataset shows of its values and files. */

let shop: Shop;
beforeAll(async () => {
  shop = await openShop();
  await drop('first.csv', '1,Cem,1.10,2024-01-02', '2,Dot,x,2024-01-03');
});
afterAll(() => shop.dispose());

async function drop(name: string, ...lines: string[]): Promise<void> {
  await shop.write(name, ['sale_id,customer,amount,sold_on', ...lines, ''].join('\n'));
  await runMain(['ingest', name, '--dataset', 'shop.sales'], shop);
  await runMain(['run'], shop);
}

/** The page's rows as text, by their first cells. */
async function rowsOf(role: Role, page = '/datasets/shop.sales'): Promise<ReadonlyMap<string, string>> {
  const service = await openService(shop.cwd, { roles: [role] });
  const cookie = await service.signIn();
  const html = await (await service.send(page, { headers: { cookie, accept: 'text/html' } })).text();
  await service.close();
  const rows = [...html.matchAll(/<tr>(.*?)<\/tr>/gs)].map(([, row = '']) =>
    row.replace(/<\/td>/g, '|').replace(/<[^>]*>/g, ''),
  );
  return new Map(rows.map((row) => [row.split('|')[0] ?? '', row]));
}

test('public and internal columns show example values, personal ones never do', async () => {
  const rows = await rowsOf('admin');
  expect(rows.get('amount')).toContain('1.10');
  expect(rows.get('sold_on')).toContain('2024-01-02');
  expect(rows.get('customer')).toContain('Who bought.');
  expect(rows.get('customer')).not.toContain('Cem');
});

test('who may not read the table gets no examples of it', async () => {
  const rows = await rowsOf('viewer');
  expect(rows.get('amount')).toContain('What was paid.');
  expect(rows.get('amount')).not.toContain('1.10');
  expect((await rowsOf('viewer', '/datasets/shop.monthly_sales')).get('amount')).toContain('1.10');
});

test('the last files stand there with what became of them', async () => {
  expect((await rowsOf('operator')).get('first.csv')).toMatch(/accepted.*\|2\|1\|1\|0\|/);
  expect((await rowsOf('viewer')).has('first.csv')).toBe(false);
});

test('what is published anew brings new examples', async () => {
  await drop(
    'second.csv',
    '3,Eve,77.70,2024-02-02',
    '4,Eve,77.70,2024-02-03',
    '5,A long name,77.70,2024-02-04',
  );
  expect((await rowsOf('admin')).get('amount')).toContain('77.70');
});

test('who may see policies sees how the events of a dataset are checked; others see none of it', async () => {
  await shop.write(
    'policy.json',
    JSON.stringify({
      dataset_urn: 'urn:dp:shop:sales',
      contract_id: 'dc:shop.sales:1',
      owners: ['till-team'],
      deprecated_schemas: [{ schema_id: 'folder:sales:1', until: '2027-01-31' }],
    }),
  );
  const word = ['--reason', 'test', '--by', 'Ann'];
  const set = ['policy', 'set', 'shop.sales', '--file', 'policy.json', ...word];
  expect(await runMain(set, shop)).toMatchObject({ code: 0 });
  const rows = await rowsOf('operator');
  expect(rows.get('CONTRACT')).toContain('dc:shop.sales:1');
  expect(rows.get('folder:sales:1')).toContain('|2027-01-31|');
  expect((await rowsOf('viewer')).has('CONTRACT')).toBe(false);
});
