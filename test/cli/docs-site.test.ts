import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { runMain } from './run-main.ts';
import { goodSales, openShop, salesContract } from './shop.ts';

let shop: Awaited<ReturnType<typeof openShop>>;
beforeAll(async () => {
  shop = await openShop();
  const hostile = salesContract().replace(
    'Sales of a small shop.',
    `'Sales <script>alert("1")</script> & more'`,
  );
  await writeFile(path.join(shop.cwd, 'contracts/shop/sales.yaml'), hostile);
  await runMain(['ingest', await shop.write('a.csv', goodSales(11, 13)), '--dataset', 'shop.sales'], shop);
  expect((await runMain(['run'], shop)).code).toBe(0);
});
afterAll(() => shop.dispose());

/** Every page as Python's own parser reads it: its texts, its links, its scripts, and whether tags close. */
async function read(
  folder: string,
): Promise<Record<string, { text: string; links: string[]; scripts: number; isSound: boolean }>> {
  const program = `
import glob, html.parser, json, os, sys
class Page(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.text, self.links, self.scripts, self.sound = [], [], [], 0, True
    def handle_starttag(self, tag, attributes):
        if tag != 'meta': self.open.append(tag)
        if tag == 'script': self.scripts += 1
        if tag == 'a': self.links.append(dict(attributes)['href'])
    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag: self.sound = False
    def handle_data(self, data):
        if self.open and self.open[-1] != 'style': self.text.append(data)
found = {}
for file in glob.glob(os.path.join(sys.argv[1], '*.html')):
    page = Page(); page.feed(open(file, encoding='utf-8').read()); page.close()
    found[os.path.basename(file)] = {'text': ' '.join(page.text), 'links': page.links, 'scripts': page.scripts, 'isSound': page.sound and not page.open}
print(json.dumps(found))`;
  const { stdout } = await promisify(execFile)('python3', ['-c', program, folder]);
  return JSON.parse(stdout);
}

test('assay docs writes pages that link to each other, say what contracts and lake know, and run nothing', async () => {
  const { code, out, err } = await runMain(['docs', '--out', 'site'], shop);
  expect([code, err]).toEqual([0, '']);
  expect(out).toContain('open site/index.html');
  const folder = path.join(shop.cwd, 'site');
  const pages = await read(folder);
  expect(Object.keys(pages).sort()).toEqual(['index.html', 'shop.monthly_sales.html', 'shop.sales.html']);
  for (const { links, scripts, isSound } of Object.values(pages)) {
    expect([scripts, isSound]).toEqual([0, true]);
    for (const link of links) expect(Object.keys(pages)).toContain(link);
  }
  const sales = pages['shop.sales.html']?.text ?? '';
  expect(sales).toContain('Sales <script>alert("1")</script> & more');
  for (const part of ['What was paid.', 'DECIMAL(18,2)', 'personal', 'promoted'])
    expect(sales).toContain(part);
  expect(pages['shop.sales.html']?.links).toContain('shop.monthly_sales.html');
  expect(pages['index.html']?.text).toMatch(/\d of 2 datasets are well/);
  // What customers are called stands in the file, and on no page.
  const customer = goodSales(11, 13).split('\n')[1]?.split(',')[1] ?? 'none';
  for (const name of await readdir(folder))
    expect(await readFile(path.join(folder, name), 'utf8')).not.toContain(`>${customer}<`);
});

test('data products have a page of their own, which leads to their tables and opens no other address', async () => {
  const file = path.join(shop.cwd, 'contracts/shop/monthly_sales.yaml');
  const plain = await readFile(file, 'utf8');
  const product = {
    title: 'Sales <b>by month</b>',
    access: 'https://access.example.org',
    documentation: ['https://wiki.example.org'],
  };
  const entries = [
    ['product', product],
    ['deprecated', { until: '2030-06-30', use: 'shop.sales' }],
  ].map(([name, value]) => `      - { property: assay.${name}, value: ${JSON.stringify(value)} }\n`);
  const text = plain.replace('    customProperties:\n', `    customProperties:\n${entries.join('')}`);
  await writeFile(file, text.replace('status: active', 'status: deprecated'));
  try {
    expect(await runMain(['docs', '--out', 'told'], shop)).toMatchObject({ code: 0, err: '' });
  } finally {
    await writeFile(file, plain);
  }
  const pages = await read(path.join(shop.cwd, 'told'));
  expect(pages['index.html']?.links).toContain('products.html');
  const { text: said = '', links, scripts, isSound } = pages['products.html'] ?? {};
  expect({ links, scripts, isSound }).toEqual({
    links: ['index.html', 'shop.monthly_sales.html'],
    scripts: 0,
    isSound: true,
  });
  for (const part of [
    'Sales <b>by month</b>',
    'https://wiki.example.org',
    'https://access.example.org',
    'deprecated',
    'until 2030-06-30; then shop.sales',
  ])
    expect(said).toContain(part);
});

test('without a lake the pages are made of the contracts alone, and say so', async () => {
  const { code } = await runMain(['docs', '--out', 'bare', '--lake', 'nowhere'], shop);
  expect(code).toBe(0);
  const pages = await read(path.join(shop.cwd, 'bare'));
  expect(pages['index.html']?.text).toContain('no lake was looked at');
  expect((await runMain(['docs'], shop)).err).toContain('--out is missing');
});

test('events are listed: owners, sources, versions of schemas and their ends, producers, gates; and where a dataset ends', async () => {
  const word = ['--reason', 'test', '--by', 'Ann'];
  const registry = ['--schema-registry', 'schemas'];
  await mkdir(path.join(shop.cwd, 'schemas/sales'), { recursive: true });
  for (const version of ['1', '2', '3'])
    await writeFile(path.join(shop.cwd, `schemas/sales/${version}.json`), '{"type":"object"}');
  await writeFile(
    path.join(shop.cwd, 'contracts/shop/sales.yaml'),
    salesContract()
      .replace('status: active', 'status: deprecated')
      .replace(
        '      - property: assay.limits',
        "      - property: assay.deprecated\n        value: { until: 2020-03-31, use: shop.orders, why: 'a <b>new</b> till' }\n      - property: assay.limits",
      ),
  );
  await writeFile(
    path.join(shop.cwd, 'policy.json'),
    JSON.stringify({
      dataset_urn: 'urn:dp:shop:sales',
      contract_id: 'dc:shop.sales:1',
      enforcement_mode: 'QUARANTINE_ON_FAIL',
      owners: ['till-team'],
      tier: 'TIER_1',
      schema_id: 'folder:sales:2',
      deprecated_schemas: [{ schema_id: 'folder:sales:1', until: '2027-01-31' }],
      producers: [{ principal: 'User:till', producer_id: 'till-svc' }],
    }),
  );
  const rule = { source_type: 'TOPIC', source_value: 'raw.sales', resolution_confidence: 'HIGH' };
  const rules = { rules: [{ ...rule, dataset_urn: 'urn:dp:shop:sales' }] };
  await writeFile(path.join(shop.cwd, 'rules.json'), JSON.stringify(rules));
  const set = ['policy', 'set', 'shop.sales', '--file', 'policy.json', ...registry, ...word];
  expect(await runMain(set, shop)).toMatchObject({ code: 0 });
  await runMain(['policy', 'resolution', 'shop.sales', '--file', 'rules.json', ...word], shop);
  expect(await runMain(['docs', '--out', 'listed', ...registry], shop)).toMatchObject({ code: 0, err: '' });
  const pages = await read(path.join(shop.cwd, 'listed'));
  expect(pages['index.html']?.links).toContain('events.html');
  expect(pages['events.html']).toMatchObject({
    scripts: 0,
    isSound: true,
    links: ['index.html', 'shop.sales.html'],
  });
  for (const page of ['events.html', 'shop.sales.html']) {
    for (const part of ['till-team', 'topic raw.sales', 'folder:sales:2', 'folder:sales:1', 'folder:sales:3'])
      expect(pages[page]?.text).toContain(part);
    for (const part of ['2027-01-31', 'till-svc, as the principal User:till', 'quarantine on fail'])
      expect(pages[page]?.text).toContain(part);
    expect(pages[page]?.text).toContain('until 2020-03-31; then shop.orders: a <b>new</b> till');
  }
  for (const part of ['COMPATIBILITY', 'dc:shop.sales:1', 'TIER_1'])
    expect(pages['shop.sales.html']?.text).toContain(part);
  // Past its day, the dataset is not well.
  expect(pages['shop.sales.html']?.text).toContain('it was promised until 2020-03-31 and is still there');
});
