import { Buffer } from 'node:buffer';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type OrdersLake, openOrders, ordersContract } from '../stream/orders.ts';
import { runMainJson } from './run-main.ts';

/** A migration: producers of two versions of an Avro schema and of two of a JSON Schema write at once. */

/** Avro's binary form, by hand: of a text its length and its bytes, of a number its zigzag in sevens of bits. */
const long = (value: number): Buffer => {
  const bytes: number[] = [];
  let rest = BigInt(value) * 2n;
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  return Buffer.from([...bytes, Number(rest)]);
};
const text = (value: string): Buffer => Buffer.concat([long(value.length), Buffer.from(value)]);

const framed = (id: number, ...parts: readonly Buffer[]): string =>
  Buffer.concat([Buffer.from([0, 0, 0, 0, id]), ...parts]).toString('base64');

const PLACED = '2026-01-13T12:01:02.120Z';
const record = (fields: readonly unknown[]) => ({ type: 'record', name: 'Order', fields });
const field = (name: string, type: unknown) => ({ name, type });
const millis = { type: 'long', logicalType: 'timestamp-millis' };
const object = (properties: Record<string, unknown>) => ({
  type: 'object',
  properties,
  required: Object.keys(properties),
});

const SCHEMAS: Readonly<Record<string, unknown>> = {
  'orders.avro/1.avsc': record([
    field('order_id', 'string'),
    field('customer_id', 'string'),
    field('placed_at', millis),
  ]),
  'orders.avro/2.avsc': record([
    field('order_id', 'string'),
    field('customer', { type: 'record', name: 'Customer', fields: [field('id', 'string')] }),
    field('placed_at', { ...millis, logicalType: 'timestamp-micros' }),
  ]),
  'orders.json/1.json': object({ order_id: { type: 'string' }, customer_id: { type: 'string' } }),
  'orders.json/2.json': object({
    order_id: { type: 'string' },
    customer: object({ id: { type: 'string' } }),
  }),
};

const EVENTS: readonly string[] = [
  framed(1, text('o-1'), text('c-1'), long(Date.parse(PLACED))),
  framed(2, text('o-2'), text('c-2'), long(Date.parse(PLACED) * 1000)),
  framed(3, Buffer.from(JSON.stringify({ order_id: 'o-3', customer_id: 'c-3', placed_at: PLACED }))),
  framed(4, Buffer.from(JSON.stringify({ order_id: 'o-4', customer: { id: 'c-4' }, placed_at: PLACED }))),
  // The new version's place is empty, the old one's is another type's.
  framed(4, Buffer.from(JSON.stringify({ order_id: 'o-5', customer_id: 'c-5', placed_at: PLACED }))),
];

let lake: OrdersLake;
beforeAll(async () => {
  lake = await openOrders();
  const write = async (name: string, content: string): Promise<void> => {
    await mkdir(path.dirname(path.join(lake.folder, name)), { recursive: true });
    await writeFile(path.join(lake.folder, name), content);
  };
  for (const [name, schema] of Object.entries(SCHEMAS))
    await write(`schemas/${name}`, JSON.stringify(schema));
  await write(
    'schemas/registry.yaml',
    'compatibility: NONE\nids: {"1": "orders.avro:1", "2": "orders.avro:2", "3": "orders.json:1", "4": "orders.json:2"}\n',
  );
  await lake.contract(
    'orders.created',
    ordersContract({ version: '3.1.0' }).replace(
      'value: /value/customer_id',
      'value: [/value/customer/id, /value/customer_id]',
    ),
  );
  const place = { topic: 'raw.orders.events', partition: 0, timestamp: PLACED };
  const lines = EVENTS.map((valueBase64, offset) => JSON.stringify({ ...place, offset, valueBase64 }));
  await write('events.jsonl', `${lines.join('\n')}\n`);
});
afterAll(() => lake.dispose());

test('versions side by side become one Silver table, by the places that the contract names', async () => {
  const place = { cwd: lake.folder };
  const { json } = await runMainJson(
    [
      ...['enforce', '--from', 'events.jsonl', '--topic', 'raw.orders.events'],
      ...['--dataset', 'orders.created', '--schema-registry', 'schemas'],
    ],
    place,
  );
  expect(json).toMatchObject({ events: 5, passed: 4 });
  const { json: evidence } = await runMainJson(['evidence', 'list'], place);
  expect(
    (evidence as Evidence[])
      .sort((a, b) => a.source.offset - b.source.offset)
      .map(({ schema, validation }) => [schema.schema_id, ...validation.reason_codes]),
  ).toEqual([
    ['folder:orders.avro:1'],
    ['folder:orders.avro:2'],
    ['folder:orders.json:1'],
    ['folder:orders.json:2'],
    ['folder:orders.json:2', 'SCHEMA_INVALID:/customer'],
  ]);
  const sql = 'SELECT order_id, customer_id, epoch_ms(placed_at) AS ms FROM silver.orders_created ORDER BY 1';
  const { json: rows } = await runMainJson(['query', sql, '--format', 'json'], place);
  expect(JSON.parse(JSON.stringify(rows))).toEqual(
    [1, 2, 3, 4].map((n) => ({ order_id: `o-${n}`, customer_id: `c-${n}`, ms: expect.anything() })),
  );
  expect(new Set((rows as { ms: unknown }[]).map(({ ms }) => Number(ms)))).toEqual(
    new Set([Date.parse(PLACED)]),
  );
});

interface Evidence {
  readonly schema: { readonly schema_id: string };
  readonly source: { readonly offset: number };
  readonly validation: { readonly reason_codes: readonly string[] };
}
