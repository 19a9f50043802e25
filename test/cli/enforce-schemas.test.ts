import { readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type OrdersLake, openOrders } from '../stream/orders.ts';
import { runMain, runMainJson } from './run-main.ts';

interface Case {
  readonly name: string;
  readonly text: string;
  readonly payload: string;
}
/** Orders as fastavro wrote them: the second has no customer. */
const CASES: readonly Case[] = JSON.parse(
  readFileSync(new URL('../stream/registry/cases.json', import.meta.url), 'utf8'),
).filter(({ name }: Case) => name.startsWith('orders.created'));

let lake: OrdersLake;
beforeAll(async () => {
  lake = await openOrders();
  const write = async (name: string, text: string): Promise<void> => {
    await mkdir(path.dirname(path.join(lake.folder, name)), { recursive: true });
    await writeFile(path.join(lake.folder, name), text);
  };
  await write('schemas/orders.created/1.avsc', CASES[0]?.text ?? '');
  await write(
    'schemas/orders.json/1.json',
    JSON.stringify({ type: 'object', properties: { channel: { enum: ['web', 'shop'] } } }),
  );
  await write('schemas/registry.yaml', 'ids: {"7": "orders.created:1"}\n');
  await write(
    'policy.yaml',
    'dataset_urn: urn:dp:orders:created\ncontract_id: dc:orders.created:3\nowners: [orders-team]\nschema_id: folder:orders.json:1\n',
  );
  const framed = (payload: string): string =>
    Buffer.concat([Buffer.from([0, 0, 0, 0, 7]), Buffer.from(payload, 'base64')]).toString('base64');
  const place = { topic: 'raw.orders.events', partition: 0, timestamp: '2026-01-13T12:01:02.120Z' };
  const json = { order_id: 'o-3', customer_id: 'c-3', placed_at: '2026-01-13T12:01:02Z' };
  const events = [
    ...CASES.map(({ payload }) => ({ valueBase64: framed(payload) })),
    { value: json },
    { value: { ...json, order_id: 'o-4', channel: 'fax' } },
    { valueBase64: framed('ZA==') },
  ];
  await write(
    'events.jsonl',
    `${events.map((one, offset) => JSON.stringify({ ...place, offset, ...one })).join('\n')}\n`,
  );
});
afterAll(() => lake.dispose());

test('payloads of Avro and JSON are judged by their schemas and by one contract, and land as JSON', async () => {
  const { folder: cwd } = lake;
  const registry = ['--schema-registry', 'schemas'];
  const set = ['policy', 'set', 'orders.created', '--file', 'policy.yaml', '--reason', 'first'];
  expect(await runMain(set, { cwd })).toMatchObject({
    code: 2,
    err: expect.stringContaining('no schema registry'),
  });
  expect(await runMain([...set, ...registry], { cwd })).toMatchObject({ code: 0, err: '' });
  const from = ['enforce', '--from', 'events.jsonl', '--topic', 'raw.orders.events'];
  const { json } = await runMainJson([...from, '--dataset', 'orders.created', ...registry], { cwd });
  expect(json).toMatchObject({ events: 5, passed: 1 });
  const { json: found } = await runMainJson(['evidence', 'list'], { cwd });
  const evidence = (found as Evidence[]).sort((a, b) => a.source.offset - b.source.offset);
  expect(evidence.map(({ schema, validation }) => [schema.schema_id, ...validation.reason_codes])).toEqual([
    // Of another subject than the policy's schema: see streaming.md.
    ['folder:orders.created:1', 'SCHEMA_SUBJECT'],
    ['folder:orders.created:1', 'SCHEMA_SUBJECT', 'NULL_VALUE:customer_id'],
    ['folder:orders.json:1'],
    ['folder:orders.json:1', 'SCHEMA_INVALID:/channel'],
    ['folder:orders.created:1', 'PAYLOAD_UNREADABLE', 'SCHEMA_UNDECODABLE', 'SCHEMA_SUBJECT'],
  ]);
  const sql = 'SELECT order_id, customer_id, placed_at FROM silver.orders_created ORDER BY ALL';
  const { json: rows } = await runMainJson(['query', sql, '--format', 'json'], { cwd });
  // What failed its schema is not published, although its record keeps to the contract.
  expect(rows).toMatchObject([{ order_id: 'o-3', customer_id: 'c-3' }]);
  const { json: lists } = await runMainJson(['quarantine', 'list'], { cwd });
  const rejected = (lists as { records: { record: string }[] }[]).flatMap(({ records }) => records);
  const { out } = await runMain(['quarantine', 'show', rejected[0]?.record ?? ''], { cwd });
  expect(out).toContain('2026-01-13T12:01:02.12');
});

interface Evidence {
  readonly schema: { readonly schema_id: string };
  readonly source: { readonly offset: number };
  readonly validation: { readonly reason_codes: readonly string[] };
}
