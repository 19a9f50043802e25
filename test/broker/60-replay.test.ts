import { afterEach, expect, test } from '@jest/globals';
import { assay } from '../cli/assay.ts';
import { readSession } from './support/broker-control.ts';
import { asAdmin, readTopic, withProducer } from './support/clients.ts';
import { openStreamLake, order, placesOf, type StreamLake, untilDone } from './support/enforcing.ts';

/** `assay replay` at a broker, judged by what kafkajs reads of the topic and JSON.parse of the lake. */

const session = readSession();
const { plain } = session;

let lake: StreamLake | undefined;
afterEach(async () => {
  await lake?.dispose();
  lake = undefined;
});

/** Of this hour, so that nothing expires. */
const START_MS = Date.now() - 600_000;

/** Orders from a number on, a second from one another. */
const write = (topic: string, from: number, to: number): Promise<unknown> =>
  withProducer(plain, (producer) =>
    producer.send({
      topic,
      messages: Array.from({ length: to - from }, (_, n) => ({
        value: order(`o-${from + n}`, '1.50'),
        timestamp: String(START_MS + (from + n) * 1_000),
        partition: 0,
      })),
    }),
  );

interface Replayed {
  readonly ranges: readonly { readonly from: number; readonly to: number }[];
  readonly landed: { readonly events: number; readonly before: number };
}

test('a replay lands what was passed over, by offset and by time, once, also beside an enforcer', async () => {
  lake = await openStreamLake(session, { partitions: 1 });
  const { topic, evidenceTopic, cwd } = lake;
  const place = { cwd, env: { ASSAY_CONTRACTS: `${process.cwd()}/examples/orders/contracts` } };
  const enforced = async (): Promise<void> => {
    const enforcer = (lake as StreamLake).start();
    await untilDone(plain, lake as StreamLake);
    expect(await enforcer.end('SIGTERM')).toBe(0);
  };
  await write(topic, 0, 30);
  await enforced();
  await write(topic, 30, 70);
  // Somebody moved the group past forty events.
  await asAdmin(plain, (admin) =>
    admin.setOffsets({ groupId: `group-${topic}`, topic, partitions: [{ partition: 0, offset: '70' }] }),
  );
  await write(topic, 70, 100);
  await enforced();
  const landed = async () =>
    (await (lake as StreamLake).lines('bronze'))
      .map(({ partition, offset }) => `${partition} ${offset}`)
      .sort();
  expect(await landed()).toHaveLength(60);

  const command = [
    ...['replay', '--bootstrap', plain, '--topic', topic, '--group', `group-${topic}`],
    ...['--evidence-topic', evidenceTopic, '--policies', 'policies', '--json'],
  ];
  const replayed = async (...more: readonly string[]): Promise<Replayed> => {
    const { code, out, err } = await assay([...command, ...more], place);
    expect([code, err]).toEqual([0, '']);
    return JSON.parse(out) as Replayed;
  };
  expect(await replayed('--dry-run')).toMatchObject({
    ranges: [{ from: 0, to: 100 }],
    landed: { events: 0 },
  });
  const at = (n: number): string => new Date(START_MS + n * 1_000).toISOString();
  expect(await replayed('--from', at(35), '--to', at(45))).toMatchObject({
    ranges: [{ from: 35, to: 45 }],
    landed: { events: 10, before: 0 },
  });
  // The rest, while an enforcer gets what comes now.
  const enforcer = lake.start();
  const [rest] = await Promise.all([replayed('--from', '20', '--to', '90'), write(topic, 100, 150)]);
  expect(rest.landed).toMatchObject({ events: 30, before: 40 });
  await untilDone(plain, lake);
  expect(await enforcer.end('SIGTERM')).toBe(0);
  expect((await replayed('--no-run')).landed).toMatchObject({ events: 0, before: 150 });

  const committed = placesOf(await readTopic(plain, topic));
  expect(committed).toHaveLength(150);
  expect(await landed()).toEqual(committed);
  const ids = new Set((await lake.lines('ops/evidence')).map(({ evidence_id: id }) => id));
  expect(ids.size).toBe(150);
  expect((await assay(['run', '--dataset', 'orders.created'], place)).code).toBe(0);
  const sql = 'SELECT count(*) AS n, count(DISTINCT order_id) AS orders FROM silver.orders_created';
  const { out } = await assay(['query', sql, '--json'], place);
  expect(JSON.parse(out).rows ?? JSON.parse(out)).toEqual([{ n: 150, orders: 150 }]);
}, 300_000);
