import { cp, readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { tempFolder } from '../adapters/temp-folder.ts';
import { runMain } from '../cli/run-main.ts';
import { askedQuery } from './asked-query.ts';
import { type AskedService, openService } from './open-service.ts';

/** The example of events, asked as programs do; what is expected is told from its files by JSON.parse. */

const STREAM = '/v1/projections/products.held/streams';
const opened: AskedService[] = [];
let cwd: string;
let dispose: () => Promise<void>;
let service: AskedService;

interface Event {
  readonly customer_product_id: string;
  readonly version: number;
  readonly event_id: string;
  readonly happened_at: string;
  readonly monthly_price?: string;
}

/** The events of a stream in their order, as the files have them. */
async function eventsOf(stream: string): Promise<Event[]> {
  const names = (await readdir('examples/products')).filter((name) => name.endsWith('.jsonl'));
  const texts = await Promise.all(
    names.map((name) => readFile(path.join('examples/products', name), 'utf8')),
  );
  const all = texts.flatMap((text) => text.trim().split('\n')).map((line) => JSON.parse(line) as Event);
  return all.filter((one) => one.customer_product_id === stream).sort((a, b) => a.version - b.version);
}

beforeAll(async () => {
  ({ folder: cwd, dispose } = await tempFolder());
  await cp('examples/products', cwd, { recursive: true });
  const lines = [
    ['init'],
    ['ingest', '2026-01.jsonl', '2026-02.jsonl', '2026-03.jsonl', '--dataset', 'products.events'],
    ['run'],
  ];
  for (const line of lines) expect((await runMain(line, { cwd })).code).toBe(0);
  service = await openService(cwd);
  opened.push(service);
});
afterAll(async () => {
  for (const one of opened) await one.close();
  await dispose();
});

interface Answer {
  readonly state: { readonly monthly_price: string } | null;
  readonly rows: readonly Readonly<Record<string, unknown>>[];
  readonly events: number;
  readonly isStateHidden: boolean;
  readonly trace?: readonly { readonly id: string; readonly data: Readonly<Record<string, unknown>> }[];
}
const ask = async (at: string, of = service): Promise<Answer> => (await of.json(at)) as Answer;

describe('/v1/projections', () => {
  test('lists what is folded from events, and shows one', async () => {
    const { projections } = (await service.json('/v1/projections')) as {
      projections: { projection: string }[];
    };
    expect(projections.map(({ projection }) => projection)).toEqual(['products.held', 'products.sold']);
    expect(await service.json('/v1/projections/products.held')).toMatchObject({
      input: 'products.events',
      fold: 'code',
      key: ['customer_product_id'],
    });
    expect((await service.ask('/v1/projections/products.events')).status).toBe(404);
    expect((await service.ask('/v1/projections/products.nothing')).status).toBe(404);
  });

  test('answers a stream, at a moment of its events, with the events that led there', async () => {
    const events = await eventsOf('CP-004');
    const prices = events.map(({ monthly_price }) => monthly_price);
    const all = await ask(`${STREAM}/CP-004?trace=10`);
    expect(all.trace?.map(({ id }) => id)).toEqual(events.map(({ event_id }) => event_id));
    expect(all.state?.monthly_price).toBe(prices.at(-1));
    for (const [n, { happened_at: at }] of events.entries()) {
      const { state, rows } = await ask(`${STREAM}/CP-004?at=${encodeURIComponent(at)}`);
      expect([state?.monthly_price, rows[0]?.monthly_price]).toEqual([prices[n], prices[n]]);
    }
    expect(await ask(`${STREAM}/CP-004?at=2026-01-01`)).toMatchObject({ state: null, rows: [], events: 0 });
    expect(await ask(`${STREAM}/${encodeURIComponent("a/b'; --")}`)).toMatchObject({ state: null });
  });

  test('says what is wrong with a moment, and what was not there yet', async () => {
    const statusOf = async (query: string): Promise<number> =>
      (await service.ask(`${STREAM}/CP-004?${query}`)).status;
    expect(await statusOf('at=yesterday')).toBe(400);
    expect(await statusOf('asOf=12345')).toBe(404);
    expect(await statusOf('asOf=2020-01-01')).toBe(404);
    expect(await statusOf('trace=100000')).toBe(400);
    expect(await statusOf('unknown=1')).toBe(400);
  });
});

const AT = `query ($at: DateTime) {
  products__held_At(stream: "CP-004", at: $at, trace: 1) {
    state version at events rows { customer_product_id monthly_price changes } trace { id type data }
  }
}`;

test('GraphQL has a field for a stream, whose rows have the types of their columns', async () => {
  const answer = await service.post('/graphql', { query: AT, variables: { at: '2026-02-10' } });
  const [, second] = await eventsOf('CP-004');
  expect(await answer.json()).toMatchObject({
    data: {
      products__held_At: {
        version: '2',
        events: 2,
        rows: [{ customer_product_id: 'CP-004', monthly_price: second?.monthly_price, changes: '1' }],
        trace: [{ id: second?.event_id, data: { reason: 'loyalty discount' } }],
      },
    },
  });
});

test('rows of a projection lead to those of another of the same events', async () => {
  const query = `{ products__held(where: { customer_product_id: { eq: "CP-006" } }) {
    nodes { status products__sold { nodes { sold_because ended_because } } }
  } }`;
  const answer = await service.post('/graphql', { query });
  const sold = { nodes: [{ sold_because: 'first job', ended_because: 'cheaper elsewhere' }] };
  expect(await answer.json()).toEqual({
    data: { products__held: { nodes: [{ status: 'cancelled', products__sold: sold }] } },
  });
});

test('SQL has a projection at a moment, for who may read it', async () => {
  const sql =
    "SELECT monthly_price FROM projection.products_held_at('2026-02-10') WHERE customer_product_id = 'CP-004'";
  const asked = await askedQuery(service, { sql });
  const text = JSON.stringify(await asked.json());
  expect([asked.status, text.includes('27.50')]).toEqual([200, true]);
});
