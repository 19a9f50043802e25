import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { EventSource } from 'eventsource';
import { tempFolder } from '../adapters/temp-folder.ts';
import { assay, startAssay } from '../cli/assay.ts';
import { type SaleEvent, saleEvent } from '../eventstore/sales.ts';
import { heldTotals, TOTALS, TOTALS_CODE } from '../projecting/sales-lake.ts';
import { contractText } from '../stages/contract-text.ts';
import { until } from '../support/until.ts';
import { readSession } from './support/broker-control.ts';
import { newTopic, withProducer } from './support/clients.ts';
import { begin, type Enforcing } from './support/enforcing.ts';

/**
 * From a topic to a browser: kafkajs writes events, `assay project --follow` publishes them, `assay serve` tells them, and the
 * package eventsource hears them; what is expected is summed up from what was written.
 */

const { plain } = readSession();
const DIE_AT_CHANGE = pathToFileURL(path.resolve('test/support/die-at-change.mjs')).href;
/** Changes of the lake at which one follower after another is killed. */
const DEATHS = (process.env.ASSAY_STREAM_DEATHS ?? '5,60,110').split(',').map(Number);
const ROUNDS = Number(process.env.ASSAY_STREAM_ROUNDS ?? 3);

const SALES = contractText({
  dataset: 'shop.sales',
  columns: [
    { name: 'event', required: true, assay: { path: '/value/event' } },
    { name: 'sale', required: true, assay: { path: '/value/sale' } },
    { name: 'nr', type: 'integer', required: true, assay: { path: '/value/nr' } },
    { name: 'what', required: true, assay: { path: '/value/what' } },
    { name: 'at', type: 'timestamp', required: true, assay: { path: '/value/at' } },
    { name: 'amount', type: 'number', physicalType: 'DECIMAL(12,2)', assay: { path: '/value/amount' } },
  ],
  assay: {
    format: 'jsonl',
    events: { stream: 'sale', type: 'what', at: 'at', version: 'nr', id: 'event' },
  },
});

let [cwd, topic, evidenceTopic, dispose] = ['', '', '', async (): Promise<void> => undefined];
let server: Enforcing;
let source: EventSource;
/** What the browser holds, by sale. */
const held = new Map<string, unknown>();
const written: SaleEvent[] = [];

beforeAll(async () => {
  ({ folder: cwd, dispose } = await tempFolder());
  [topic, evidenceTopic] = [await newTopic(plain, 2), await newTopic(plain, 1)];
  for (const [file, text] of Object.entries({
    'contracts/shop/sales.yaml': SALES,
    'contracts/shop/totals.yaml': TOTALS,
    'projections/shop/totals.ts': TOTALS_CODE,
  })) {
    await mkdir(path.dirname(path.join(cwd, file)), { recursive: true });
    await writeFile(path.join(cwd, file), text);
  }
  expect((await assay(['init', '--lake', 'lake'], { cwd })).code).toBe(0);
  server = begin(startAssay(['serve', '--port', '0', '--json'], { cwd }));
  await until('assay serve says where it is', () => server.out().includes('\n'), server.err);
  const { url, token } = JSON.parse(server.out()) as { url: string; token: string };
  source = new EventSource(`${url}/v1/projections/shop.totals/changes`, {
    fetch: (at, init) =>
      fetch(at, { ...init, headers: { ...init.headers, authorization: `Bearer ${token}` } }),
  });
  source.addEventListener('change', ({ data }) => {
    const { stream, version, rows } = JSON.parse(data);
    held.set(stream, { version, ...rows[0] });
  });
  await until('the browser is connected', () => source.readyState === source.OPEN, server.err);
}, 300_000);
afterAll(async () => {
  source?.close();
  await server?.end('SIGTERM');
  await dispose();
});

const startFollower = (more: Record<string, string> = {}): Enforcing =>
  begin(
    startAssay(
      [
        ...[
          'project',
          'shop.totals',
          '--follow',
          '--every',
          '1',
          '--json',
          '--bootstrap',
          plain,
          '--topic',
          topic,
        ],
        ...['--dataset', 'shop.sales', '--group', `group-${topic}`, '--from-start', '--session-seconds', '1'],
        ...['--evidence-topic', evidenceTopic],
      ],
      { cwd, env: more },
    ),
  );

/** Writes the next event of each of some sales, the first of them twice, as a producer does that heard no answer. */
async function write(sales: number): Promise<void> {
  const events = Array.from({ length: sales }, (_, n) => {
    const nr = 1 + written.filter(({ sale }) => sale === `s${n}`).length;
    return saleEvent(`s${n}`, nr, `e-${n}-${nr}`, `${nr}.25`);
  });
  written.push(...events);
  const messages = [...events, ...events.slice(0, 1)].map((one) => ({
    key: one.sale,
    value: JSON.stringify(one),
  }));
  await withProducer(plain, (producer) => producer.send({ topic, messages }));
}

const isHeard = (): boolean => {
  const all = heldTotals(written);
  return [...all].every(([sale, row]) => JSON.stringify(held.get(sale)) === JSON.stringify(row));
};
const seen = (follower: Enforcing) => () =>
  `held: ${JSON.stringify([...held])}; follower: ${follower.err()}${follower.out()}; server: ${server.err()}`;

test('what is written to a topic is heard by a browser, each event once, also where followers are killed on the way', async () => {
  const waits: number[] = [];
  const first = startFollower();
  await until('the follower reads', () => first.err().includes('Reading 2 partitions'), first.err);
  for (let round = 0; round < ROUNDS; round++) {
    await write(5);
    const sinceMs = performance.now();
    await until(`the browser hears round ${round}`, isHeard, seen(first));
    waits.push(Math.round(performance.now() - sinceMs));
  }
  expect(await first.end('SIGTERM')).toBe(0);
  console.log(`From the broker's answer to the browser, ms, of ${ROUNDS} rounds: ${waits.join(', ')}.`);
  let killed = 0;
  for (const change of DEATHS) {
    await write(7);
    const doomed = startFollower({
      NODE_OPTIONS: `--import ${DIE_AT_CHANGE}`,
      DIE_AT_CHANGE: String(change),
    });
    const isDead = (): boolean => doomed.child.signalCode !== null;
    await until(`a follower dies at change ${change}, or is done`, () => isDead() || isHeard(), seen(doomed));
    if (isDead()) killed += 1;
    else expect(await doomed.end('SIGTERM')).toBe(0);
  }
  console.log(`${killed} of ${DEATHS.length} followers were killed.`);
  expect(killed).toBeGreaterThan(1);
  const last = startFollower();
  await write(3);
  await until('the browser hears everything', isHeard, seen(last));
  expect(await last.end('SIGTERM')).toBe(0);
  expect(held).toEqual(heldTotals(written));
  const sql = `SELECT count(*) AS n, count(DISTINCT event) AS events, (SELECT CAST(sum(sold) AS BIGINT) FROM projection.shop_totals) AS sold FROM silver.shop_sales`;
  const { out, err } = await assay(['query', sql, '--json'], { cwd });
  expect({ err, rows: JSON.parse(out) }).toEqual({
    err: '',
    rows: [{ n: written.length, events: written.length, sold: written.length }],
  });
}, 600_000);
