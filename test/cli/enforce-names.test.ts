import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { tempFolder } from '../adapters/temp-folder.ts';
import { runMain, runMainJson } from './run-main.ts';

/** Names of the enforcer's files: no other file takes them, and what lay apart keeps what it failed when it is brought in. */

const EXAMPLE = path.resolve('examples/orders');
const EVENTS = path.join(EXAMPLE, 'raw.orders.events.jsonl');
const LINK = 'stream.central.mZ5h2rUWQ3SdbXkPf1a9Vw.12.0000000099817263.jsonl';

let [cwd, dispose]: [string, () => Promise<void>] = ['', async () => undefined];
beforeEach(async () => {
  ({ folder: cwd, dispose } = await tempFolder());
  await mkdir(path.join(cwd, 'contracts'));
});
afterEach(() => dispose());

const run = (...args: readonly string[]) => runMain(args, { cwd });
const enforce = (file: string, topic: string) =>
  run('enforce', '--from', file, '--topic', topic, '--policies', path.join(EXAMPLE, 'policies'), '--no-run');
const useContracts = () =>
  cp(path.join(EXAMPLE, 'contracts'), path.join(cwd, 'contracts'), { recursive: true });
const orders = async (): Promise<unknown[]> => {
  const sql = 'SELECT order_id FROM silver.orders_created ORDER BY 1';
  const { json } = await runMainJson(['query', sql], { cwd });
  return (json as { order_id: string }[]).map(({ order_id }) => order_id);
};

test("a source's file of such a name is kept under another, and the events land all the same", async () => {
  await useContracts();
  await run('init');
  const [, line = ''] = (await readFile(EVENTS, 'utf8')).split('\n');
  await mkdir(path.join(cwd, 'drop'));
  await writeFile(
    path.join(cwd, 'drop', LINK),
    `${line.replaceAll('o-784234', 'o-1').replace('"offset":99817264', '"offset":1')}\n`,
  );
  expect((await run('ingest', `drop/${LINK}`, '--dataset', 'orders.created')).code).toBe(0);
  await enforce(EVENTS, 'raw.orders.events');
  await run('run', '--dataset', 'orders.created');
  const days = path.join(cwd, 'lake/bronze/orders/created');
  const names = (await readdir(days, { recursive: true })).map((name) => path.basename(name));
  expect(names.filter((name) => name.endsWith('.jsonl')).sort()).toEqual([`_${LINK}`, LINK]);
  const found = await orders();
  expect(found).toHaveLength(9);
  expect(found).toEqual(expect.arrayContaining(['o-1', 'o-784233', 'o-784234', 'o-784243']));
});

test('what lay apart and failed at a gate is quarantined when it is brought in, with its evidence', async () => {
  const event = (offset: number, attributes: object) => ({
    ...{ cluster: 'c', topicId: 'T1', topic: 'raw.orders.events', partition: 0, offset, key: 'k' },
    timestamp: '2026-01-13T12:01:01.950Z',
    headers: { producer_id: 'orders-svc' },
    value: {
      ...{ specversion: '1.0', id: `e-${offset}`, source: '/orders-svc', type: 'orders.order.created' },
      time: '2026-01-13T12:01:01.900Z',
      data: { order_id: `o-${offset}`, customer_id: 'c-1', currency: 'EUR', total: 1 },
      ...attributes,
    },
  });
  const lines = [event(0, {}), event(1, { specversion: '9' })].map((one) => `${JSON.stringify(one)}\n`);
  await writeFile(path.join(cwd, 'events.jsonl'), lines.join(''));
  await run('init');
  await enforce('events.jsonl', 'raw.orders.events');
  const apart = path.join(cwd, 'lake/ops/streams/apart');
  const [file = ''] = (await readdir(apart, { recursive: true })).filter((name) => name.endsWith('.jsonl'));
  await useContracts();
  const brought = await run('ingest', path.join(apart, file), '--dataset', 'orders.created');
  expect(brought.code).toBe(0);
  await run('run', '--dataset', 'orders.created');
  expect(await orders()).toEqual(['o-0']);
  const { json } = await runMainJson(['quarantine', 'list', '--dataset', 'orders.created'], { cwd });
  expect(JSON.stringify(json)).toContain('GATE_ERROR');
});
