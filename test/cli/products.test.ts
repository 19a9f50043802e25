import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { openLake } from '../../adapters/local/lake.ts';
import { addReads } from '../../etl/products/read-log.ts';
import { odpsFaults } from '../products/odps-faults.ts';
import { runMain } from './run-main.ts';
import { goodSales, openShop, type Shop } from './shop.ts';

let shop: Shop;
const GOLD = 'contracts/shop/monthly_sales.yaml';
let plain = '';
beforeAll(async () => {
  shop = await openShop();
  plain = await readFile(path.join(shop.cwd, GOLD), 'utf8');
  await runMain(['ingest', await shop.write('a.csv', goodSales(11, 13)), '--dataset', 'shop.sales'], shop);
  expect((await runMain(['run'], shop)).code).toBe(0);
});
afterAll(() => shop.dispose());

/** Makes the Gold table a product, with these `assay.*` properties beside. */
async function publish(product: unknown, more: Readonly<Record<string, unknown>> = {}): Promise<void> {
  const entries = Object.entries({ product, ...more }).map(
    ([name, value]) => `      - { property: assay.${name}, value: ${JSON.stringify(value)} }\n`,
  );
  const text = plain.replace('    customProperties:\n', `    customProperties:\n${entries.join('')}`);
  const status = 'deprecated' in more ? 'deprecated' : 'active';
  await writeFile(path.join(shop.cwd, GOLD), text.replace('status: active', `status: ${status}`));
}

const WIKI = 'https://wiki.example.org/totals';
const PRODUCT = {
  title: 'Monthly sales',
  documentation: [WIKI],
  support: { channel: '#finance', url: 'https://chat.example.org/finance' },
  access: 'mailto:finance@example.org',
  sample: 2,
};
const products = (...args: string[]) => runMain(['products', ...args], shop);
const json = async (...args: string[]) => JSON.parse((await products(...args, '--json')).out);

test('without one, products say how to make one; a table that is none is refused by name', async () => {
  await writeFile(path.join(shop.cwd, GOLD), plain);
  expect(await products()).toMatchObject({ code: 0, out: expect.stringContaining('assay.product') });
  expect(await products('shop.sales')).toMatchObject({ code: 2, err: expect.stringContaining('is none') });
});

test('a product is told with owner, promises, access, documentation, a sample and what its refreshes took', async () => {
  await publish(PRODUCT);
  // Publishing it makes nothing anew: the table is the one from before, and its refresh was measured.
  expect((await runMain(['run'], shop)).code).toBe(0);
  const one = await json('shop.monthly_sales');
  expect(one).toMatchObject({
    ...{ title: 'Monthly sales', owner: 'finance', version: '1.0.0', status: 'active', deprecated: null },
    table: 'gold.shop_monthly_sales',
    inputs: [{ dataset: 'shop.sales', version: '1.0.0', contractId: 'urn:assay:contract:shop.sales' }],
    documentation: [WIKI],
    access: { ask: 'mailto:finance@example.org', sensitiveColumns: [], maskedFor: [] },
    use: { costs: { refreshes: 1, writtenRows: 1 }, reads: [] },
    sample: { rows: [{ as_of_month: '2024-03-01', sales: 3 }] },
  });
  expect(one.access.roles).toEqual(expect.arrayContaining(['viewer', 'admin']));
  const { wallMs, cpuMs, readBytes, writtenBytes } = one.use.costs;
  for (const measured of [wallMs, cpuMs, readBytes, writtenBytes]) expect(measured).toBeGreaterThan(0);
  const { out } = await products('shop.monthly_sales');
  for (const part of [
    'Monthly sales (shop.monthly_sales)',
    WIKI,
    '#finance',
    '1 refresh took',
    'Nobody read it',
  ])
    expect(out).toContain(part);
  expect((await products()).out).toMatch(/shop\.monthly_sales +finance +1\.0\.0 +active/);
});

test('who read it is counted by day, without anything that was asked', async () => {
  const by = { ...shop, env: { ASSAY_USER: 'mona@example.org' } };
  const sql = 'SELECT amount FROM gold."shop_monthly_sales" WHERE amount <> 424242';
  for (let n = 0; n < 2; n++) expect((await runMain(['query', sql], by)).code).toBe(0);
  await runMain(['report', 'shop.monthly_sales'], by);
  // Neither another table nor a text in quotes is a read of it.
  await runMain(['query', "SELECT count(*), 'gold.shop_monthly_sales' FROM silver.shop_sales"], by);
  const { use } = await json('shop.monthly_sales');
  // The day may turn in between.
  const reads: readonly { day: string; by: string; way: string; reads: number }[] = use.reads;
  for (const { by: who, way } of reads) expect([who, way]).toEqual(['mona@example.org', 'command']);
  expect(reads.reduce((sum, line) => sum + line.reads, 0)).toBe(3);
  const day = path.join(shop.cwd, 'lake/ops/reads', reads[0]?.day ?? '');
  const kept = await Promise.all((await filesIn(day)).map((file) => readFile(file, 'utf8')));
  expect(kept.join()).not.toContain('424242');
});

test('its descriptor is one of the standard, and ends with the contract', async () => {
  await publish(PRODUCT, { deprecated: { until: '2020-06-30', use: 'shop.sales' } });
  const descriptor = JSON.parse((await products('shop.monthly_sales', '--odps')).out);
  expect(await odpsFaults(descriptor)).toEqual([]);
  expect(descriptor).toMatchObject({
    ...{ kind: 'DataProduct', id: 'urn:assay:product:shop.monthly_sales', status: 'retired' },
    outputPorts: [{ name: 'gold.shop_monthly_sales', contractId: 'urn:assay:contract:shop.monthly_sales' }],
  });
  // The judge judges.
  expect(await odpsFaults({ ...descriptor, owner: 'finance' })).not.toEqual([]);
  const health = await runMain(['health'], shop);
  expect(health.code).toBe(1);
  expect(health.out).toContain('DEPRECATED');
  expect(health.out).toContain('2020-06-30');
});

test('personal columns are in no sample and no descriptor, and who sees ••• is said', async () => {
  await publish(PRODUCT);
  const file = path.join(shop.cwd, GOLD);
  const text = await readFile(file, 'utf8');
  await writeFile(file, text.replace(/(name: amount[\s\S]*?classification: )public/, '$1personal'));
  const one = await json('shop.monthly_sales');
  expect(one.sample.columns.map(({ name }: { name: string }) => name)).toEqual(['as_of_month', 'sales']);
  expect(one.access).toMatchObject({ sensitiveColumns: ['amount'] });
  expect(one.access.maskedFor).toContain('viewer');
  expect(one.access.maskedFor).not.toContain('admin');
  await writeFile(path.join(shop.cwd, GOLD), plain);
});

test.each<[string, unknown, string]>([
  ['an unknown field', { owners: 'x' }, 'use title'],
  ['no address', { documentation: ['wiki'] }, 'write an address'],
  ['half a support', { support: { channel: '#finance' } }, 'write an address'],
  ['too many rows', { sample: 500 }, 'is more than 50'],
])('%s is a mistake that contracts check tells', async (_, product, message) => {
  await publish(product);
  const { code, out, err } = await runMain(['contracts', 'check'], shop);
  expect([code, out + err]).toEqual([2, expect.stringContaining(message)]);
});

async function filesIn(folder: string): Promise<string[]> {
  return (await readdir(folder))
    .filter((name) => name.endsWith('.json'))
    .map((name) => path.join(folder, name));
}

test('the log of reads forgets the days before a term, and no other', async () => {
  const { objects } = (await openLake(path.join(shop.cwd, 'lake'), FOLDERS(shop.cwd))).effects;
  const today = new Date().toISOString().slice(0, 10);
  const read = new Map([['shop.monthly_sales', 2]]);
  for (const day of ['2023-02-28', '2023-03-01', today])
    await addReads(objects, { day, by: 'old@example.org', way: 'api' }, read);
  const expire = (...args: string[]) => runMain(['expire', '--reads', ...args, '--json'], shop);
  expect((await expire()).out).toContain('--older-than');
  const done = JSON.parse((await expire('--older-than', '1y')).out);
  expect(done).toMatchObject({ days: 2, documents: 2 });
  const kept = (await objects.list('ops/reads/')).map(({ key }) => key.split('/')[2]);
  expect(kept).toContain(today);
  expect(kept.filter((day = '') => day < done.before)).toEqual([]);
  expect(JSON.parse((await expire('--older-than', '1y')).out)).toMatchObject({ documents: 0 });
});

const FOLDERS = (cwd: string) => ({
  contractsDir: path.join(cwd, 'contracts'),
  sqlDir: path.join(cwd, 'sql', 'gold'),
});
