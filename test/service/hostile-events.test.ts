import { cp, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { tempFolder } from '../adapters/temp-folder.ts';
import { runMain } from '../cli/run-main.ts';
import { expectInert, IMAGE, LINK, SCRIPT, shownScripts } from './inert.ts';
import { type AskedService, openService } from './open-service.ts';

/** Events, contracts of products, and evidence whose values a page might take for more than text. */

const EXAMPLES = path.resolve('examples');
let cwd: string;
let dispose: () => Promise<void>;
let service: AskedService;

/** Changes a file of the examples' copy. */
async function change(name: string, edit: (text: string) => string): Promise<void> {
  const file = path.join(cwd, name);
  await writeFile(file, edit(await readFile(file, 'utf8')));
}

beforeAll(async () => {
  ({ folder: cwd, dispose } = await tempFolder());
  await cp(path.join(EXAMPLES, 'products'), cwd, { recursive: true });
  await cp(path.join(EXAMPLES, 'orders'), cwd, { recursive: true });
  await change('contracts/products/held.yaml', (text) =>
    text
      .replace('title: Products that customers hold', `title: ${JSON.stringify(SCRIPT + IMAGE)}`)
      .replace(
        'sample: 3',
        `sample: 3\n          documentation: ['https://wiki.example.org/"onclick=alert(1)']`,
      )
      .replace(/purpose: .*/, `purpose: ${JSON.stringify(`${LINK} ${IMAGE}`)}`),
  );
  await change('2026-01.jsonl', (text) =>
    text
      .replaceAll('"CP-001"', JSON.stringify(SCRIPT))
      .replaceAll('"C-106"', JSON.stringify(IMAGE))
      .replaceAll('"Home Cover"', JSON.stringify(LINK))
      .replaceAll('"E-1003"', JSON.stringify(`${SCRIPT}E`)),
  );
  await change('raw.orders.events.jsonl', (text) =>
    text
      .replaceAll('"orders-svc"', JSON.stringify(SCRIPT))
      .replaceAll('"o-784233"', JSON.stringify(IMAGE))
      .replaceAll('"EUR"', JSON.stringify(SCRIPT)),
  );
  const why = ['--reason', SCRIPT, '--by', IMAGE];
  for (const line of [
    ['init'],
    ['ingest', '2026-01.jsonl', '--dataset', 'products.events'],
    ['run', '--dataset', 'products.events'],
    ['policy', 'set', 'orders.created', '--file', 'policies/orders.created.yaml', ...why],
    ['policy', 'resolution', 'orders.created', '--file', 'policies/resolution.yaml', ...why],
  ]) {
    const { code, err } = await runMain(line, { cwd });
    if (code !== 0) throw new Error(`${line.join(' ')}: ${err}`);
  }
  const from = ['--from', 'raw.orders.events.jsonl', '--topic', 'raw.orders.events'];
  expect((await runMain(['enforce', ...from, '--no-run'], { cwd })).code).toBe(1);
  service = await openService(cwd);
});
afterAll(async () => {
  await service?.close();
  await dispose?.();
});

test('values of events, products and evidence are text on every page', async () => {
  const { incidents } = (await service.json('/v1/incidents')) as { incidents: { incident_id: string }[] };
  const { evidence } = (await service.json('/v1/evidence?limit=3')) as {
    evidence: { evidence_id: string }[];
  };
  const stream = `/datasets/products.held/streams/${encodeURIComponent(SCRIPT)}`;
  const addresses = [
    ...['/', '/datasets', '/products', '/products/products.held', '/datasets/products.held'],
    ...[
      '/datasets/products.events',
      '/datasets/orders.created',
      '/streams',
      '/streams/evidence',
      '/activity',
    ],
    ...[stream, `${stream}?at=${encodeURIComponent(SCRIPT)}`, `${stream}?event=${encodeURIComponent(IMAGE)}`],
    `/datasets/products.held/streams?stream=${encodeURIComponent(IMAGE)}`,
    `/streams/evidence?topic=${encodeURIComponent(IMAGE)}&reason=${encodeURIComponent(SCRIPT)}`,
    ...incidents.map(({ incident_id: id }) => `/streams/incidents/${encodeURIComponent(id)}`),
    ...evidence.map(({ evidence_id: id }) => `/streams/evidence?id=${encodeURIComponent(id)}`),
  ];
  expect(incidents.length + evidence.length).toBeGreaterThan(3);
  const shown = new Map<string, number>();
  for (const at of addresses) {
    const page = await (await service.ask(at, { headers: { accept: 'text/html' } })).text();
    expectInert(at, page);
    shown.set(at, shownScripts(page));
  }
  // They are shown, and were not left out.
  expect(shown.get('/products')).toBeGreaterThan(0);
  expect(shown.get('/products/products.held')).toBeGreaterThan(1);
  expect(shown.get(stream)).toBeGreaterThan(1);
  expect(shown.get('/activity')).toBeGreaterThan(0);
});
