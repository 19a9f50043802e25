import { mkdir } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { httpLineage } from '../../adapters/http/lineage.ts';
import { initLake, openLake } from '../../adapters/local/lake.ts';
import { TransientError } from '../../etl/errors.ts';
import { tellEnd, tellStart } from '../../etl/openlineage/tell-run.ts';
import { openShop, type Shop } from '../cli/shop.ts';
import { type Receiver, startReceiver } from '../events/receiver.ts';

/** A lineage server keeps no run, whatever it does. */

let server: Receiver;
let shop: Shop;
let nowMs: number;
let reasons: string[];
beforeAll(async () => {
  [server, shop] = await Promise.all([startReceiver(), openShop()]);
});
afterAll(async () => {
  await server.stop();
  await shop.dispose();
});
beforeEach(() => {
  server.answer(200);
  server.received.length = 0;
  [nowMs, reasons] = [Date.parse('2024-06-01T00:00:00Z'), []];
});

const lineageTo = (options: Partial<Parameters<typeof httpLineage>[0]> = {}) =>
  httpLineage({
    url: server.url,
    clock: { now: () => new Date(nowMs) },
    onFailure: (reason) => void reasons.push(reason),
    timeoutMs: 500,
    ...options,
  });

describe('a server that takes nothing', () => {
  test.each([500, 404, 307])('is left alone for a minute (%d), and then told again', async (status) => {
    const lineage = lineageTo();
    server.answer(status);
    await lineage.emit({ n: 1 });
    await lineage.emit({ n: 2 });
    server.answer(200);
    await lineage.emit({ n: 3 });
    nowMs += 60_000;
    await lineage.emit({ n: 4 });
    expect(server.received.map(({ body }) => body)).toEqual(['{"n":1}', '{"n":4}']);
    expect(reasons).toHaveLength(1);
  });

  test('that breaks connections off is tried once more, and then left alone', async () => {
    const lineage = lineageTo();
    server.answer(0);
    await lineage.emit({ n: 1 });
    await lineage.emit({ n: 2 });
    expect(server.received.map(({ body }) => body)).toEqual(['{"n":1}', '{"n":1}']);
    expect(reasons).toHaveLength(1);
  });

  test('is told with the key that holds when it is told', async () => {
    const keys = ['one', undefined, 'two'];
    const lineage = lineageTo({ apiKey: async () => keys.shift() });
    for (const n of [1, 2, 3]) await lineage.emit({ n });
    expect(server.received.map(({ headers }) => headers.authorization)).toEqual([
      'Bearer one',
      undefined,
      'Bearer two',
    ]);
  });

  test('a key that can not be read keeps no run either', async () => {
    const lineage = lineageTo({ apiKey: () => Promise.reject(new Error('denied')) });
    await lineage.emit({ n: 1 });
    expect(server.received).toEqual([]);
    expect(reasons).toEqual([expect.stringContaining('its key could not be read (denied)')]);
  });
});

const RUN = { dataset: 'shop.sales', runId: '20240601T000000000Z-00000000' };

async function effectsOf(folder: string) {
  const root = path.join(shop.cwd, folder);
  await mkdir(root);
  await initLake(root);
  const folders = { contractsDir: path.join(shop.cwd, 'contracts'), sqlDir: path.join(shop.cwd, 'sql/gold') };
  return (await openLake(root, folders)).effects;
}

test('an event that was sent into a connection that had ended comes over the next one', async () => {
  const taken: string[] = [];
  let requests = 0;
  const closing = createServer(async (incoming, outgoing) => {
    const pieces: Buffer[] = [];
    for await (const piece of incoming) pieces.push(piece as Buffer);
    requests += 1;
    // The second comes over the connection of the first, which ends.
    if (requests === 2) return void incoming.socket.destroy();
    taken.push(Buffer.concat(pieces).toString('utf8'));
    outgoing.end();
  });
  await new Promise<void>((resolve) => closing.listen(0, '127.0.0.1', resolve));
  const { port } = closing.address() as AddressInfo;
  const lineage = lineageTo({ url: `http://127.0.0.1:${port}` });
  await lineage.emit({ n: 1 });
  await lineage.emit({ n: 2 });
  expect({ taken, reasons }).toEqual({ taken: ['{"n":1}', '{"n":2}'], reasons: [] });
  closing.closeAllConnections();
  await new Promise<void>((resolve) => closing.close(() => resolve()));
});

test('a slow server does not keep a run', async () => {
  const effects = await effectsOf('slow-lake');
  // Each look at the clock is eleven seconds later.
  const clock = {
    now: () => {
      nowMs += 11_000;
      return new Date(nowMs);
    },
  };
  await tellEnd({ ...effects, clock, lineage: lineageTo() }, RUN, { eventType: 'FAIL', why: ['no disk'] });
  expect(server.received).toHaveLength(1);
  expect(reasons).toEqual([expect.stringContaining('it took 1 of 2 events in 10 s')]);
});

test('what can not be read of a run keeps it from no stage', async () => {
  const effects = await effectsOf('another-lake');
  const objects = {
    ...effects.objects,
    get: () => Promise.reject(new TransientError('STORE_UNAVAILABLE', 'the store answers nothing')),
  };
  await tellStart({ ...effects, objects, lineage: lineageTo() }, RUN);
  expect(server.received).toEqual([]);
  expect(reasons).toEqual([expect.stringContaining('the store answers nothing')]);
  // As the stage itself has it, which is what the test means to be true.
  await tellStart({ ...effects, lineage: lineageTo() }, RUN);
  expect(server.received).toHaveLength(1);
});
