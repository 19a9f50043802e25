import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { assay } from '../cli/assay.ts';
import { until } from '../support/until.ts';
import { control, readSession } from './support/broker-control.ts';
import { asAdmin, createTopic, readTopic, setRight, withProducer } from './support/clients.ts';
import {
  type Enforcing,
  evidencePlaces,
  openStreamLake,
  order,
  placesOf,
  type StreamLake,
  untilDone,
  writeOrders,
} from './support/enforcing.ts';

/** `assay enforce --bootstrap` beside a broker, judged by what kafkajs reads of the topics and JSON.parse of the lake. */

const session = readSession();
const { plain } = session;
const KILLS = Number(process.env.ASSAY_STREAM_KILLS ?? 30);
const SEED = Number(process.env.ASSAY_STREAM_SEED ?? 20261129);

let lake: StreamLake | undefined;
afterEach(async () => {
  await lake?.dispose();
  lake = undefined;
});

const untilTold = (enforcer: Enforcing, text: string): Promise<void> =>
  until(`assay enforce tells "${text}"`, () => enforcer.err().includes(text), enforcer.err);

/** Every committed record has evidence by one id, in the topic and in the lake, and is in Bronze once; nothing else is. */
async function expectWhole({ topic, evidenceTopic, lines }: StreamLake): Promise<void> {
  const committed = placesOf(await readTopic(plain, topic));
  expect(committed.length).toBeGreaterThan(0);
  const places = await evidencePlaces(plain, evidenceTopic);
  expect([...places.values()].sort()).toEqual(committed);
  const kept = new Map(
    (await lines('ops/evidence')).map(({ evidence_id: id, source }) => {
      const { partition, offset } = source as Record<string, unknown>;
      return [id, `${partition} ${offset}`];
    }),
  );
  expect([...kept.values()].sort()).toEqual(committed);
  expect([...kept.keys()].sort()).toEqual([...places.keys()].sort());
  const landed = (await lines('bronze')).map(({ partition, offset }) => `${partition} ${offset}`);
  expect(landed.sort()).toEqual(committed);
}

test(`killed ${KILLS} times, each committed record has one evidence id, is in Bronze once and in Silver once`, async () => {
  lake = await openStreamLake(session, { partitions: 3 });
  const random = xoroshiro128plus(SEED);
  for (let kill = 0; kill < KILLS; kill++) {
    const enforcer = lake.start();
    const writing = writeOrders(plain, lake.topic, {
      from: kill * 100,
      count: 60,
      aborted: kill % 3 === 0 ? 9 : 0,
    });
    // Most deaths hit it at work, some while it starts.
    if (kill % 6 !== 5) await untilTold(enforcer, 'Reading');
    await new Promise((resolve) => setTimeout(resolve, uniformInt(random, 0, 700)));
    await Promise.all([enforcer.end('SIGKILL'), writing]);
  }
  const last = lake.start();
  await untilDone(plain, lake, 2);
  expect(await last.end('SIGTERM')).toBe(0);
  await expectWhole(lake);
  const { code } = await assay(['run', '--dataset', 'orders.created'], lakeOf(lake));
  expect(code).not.toBe(70);
  const sql = 'SELECT count(*) AS n, count(DISTINCT order_id) AS orders FROM silver.orders_created';
  const { out } = await assay(['query', sql, '--json'], lakeOf(lake));
  expect(JSON.parse(out).rows ?? JSON.parse(out)).toEqual([{ n: KILLS * 58, orders: KILLS * 58 }]);
}, 600_000);

const lakeOf = ({ cwd }: StreamLake) => ({
  cwd,
  env: { ASSAY_CONTRACTS: `${process.cwd()}/examples/orders/contracts` },
});

test('evidence that is refused, a broker that dies, a second enforcer and the end of the first lose nothing', async () => {
  lake = await openStreamLake(session, { partitions: 4, isSecure: true });
  const { topic, evidenceTopic } = lake;
  const right = { topic: evidenceTopic, operation: 'write' } as const;
  await setRight(plain, 'grant', { topic, operation: 'all' });
  await setRight(plain, 'grant', { topic: evidenceTopic, operation: 'describe' });
  await setRight(plain, 'grant', right);
  const first = lake.start();
  let there = 0;
  const untilEvidence = (events: number): Promise<void> =>
    until(
      `evidence of ${events} events`,
      async () => {
        there = (await evidencePlaces(plain, evidenceTopic)).size;
        return there === events;
      },
      () => `Of ${there}; ${first.err()}`,
    );
  await writeOrders(plain, topic, { from: 0, count: 200, aborted: 20 });
  await untilEvidence(200);
  await setRight(plain, 'revoke', right);
  await writeOrders(plain, topic, { from: 1_000, count: 100, aborted: 0 });
  await untilTold(first, 'waiting, and trying again');
  expect((await evidencePlaces(plain, evidenceTopic)).size).toBe(200);
  await setRight(plain, 'grant', right);
  await untilEvidence(300);
  await control(session, 'kill');
  await control(session, 'start');
  await writeOrders(plain, topic, { from: 2_000, count: 200, aborted: 20 });
  const second = lake.start();
  await untilTold(second, 'Reading 2 partitions');
  await writeOrders(plain, topic, { from: 3_000, count: 200, aborted: 0 });
  expect(await first.end('SIGTERM')).toBe(0);
  await untilTold(second, 'Reading 4 partitions');
  await untilDone(plain, lake, 2);
  expect(await second.end('SIGTERM')).toBe(0);
  await expectWhole(lake);
}, 600_000);

test('poison is judged as any event, and its neighbours with it', async () => {
  lake = await openStreamLake(session, { partitions: 1 });
  const { topic } = lake;
  const { gzipSync } = await import('node:zlib');
  const poison = [
    null,
    Buffer.alloc(0),
    Buffer.from([0xff, 0xfe, 0, 0xc0]),
    gzipSync(Buffer.alloc(50_000_000)),
    Buffer.from(order('o-1', '1').replace('"c-1"', `"${'c'.repeat(1_000_000)}"`)),
    Buffer.from('['.repeat(100_000)),
  ];
  const messages = poison.flatMap((value, n) => [
    { key: `poison-${n}`, value },
    { value: order(`o-10${n}`, '5') },
  ]);
  for (const message of messages)
    await withProducer(plain, (producer) => producer.send({ topic, messages: [message] }));
  const enforcer = lake.start();
  await untilDone(plain, lake);
  expect(await enforcer.end('SIGTERM')).toBe(0);
  await expectWhole(lake);
  const results = (await lake.lines('ops/evidence')) as {
    source: { offset: number };
    validation: { result: string; failed_gates: string[] };
  }[];
  results.sort((a, b) => a.source.offset - b.source.offset);
  expect(results.map(({ validation }) => validation.result)).toEqual(
    poison.flatMap((_, n) => [n === 4 ? 'PASS' : 'FAIL', 'PASS']),
  );
});

test('a topic that is made anew is another chain', async () => {
  lake = await openStreamLake(session, { partitions: 1 });
  const { topic } = lake;
  const enforcer = lake.start();
  await writeOrders(plain, topic, { from: 0, count: 30, aborted: 0 });
  await untilDone(plain, lake, 2);
  await asAdmin(plain, (admin) => admin.deleteTopics({ topics: [topic] }));
  const isGone = async () => !(await asAdmin(plain, (admin) => admin.listTopics())).includes(topic);
  await until('the topic is gone', isGone);
  await createTopic(plain, topic, { partitions: 1, config: {} });
  await withProducer(plain, (producer) =>
    producer.send({
      topic,
      messages: Array.from({ length: 5 }, (_, n) => ({ value: order(`o-7${n}`, '1') })),
    }),
  );
  const isLanded = async () => ((await lake?.lines('bronze')) ?? []).length === 35;
  await until('35 events are in Bronze', isLanded, enforcer.err);
  await enforcer.end('SIGTERM');
  const landed = await lake.lines('bronze');
  const byTopic = new Map<unknown, number[]>();
  for (const { topicId, offset } of landed)
    byTopic.set(topicId, [...(byTopic.get(topicId) ?? []), Number(offset)]);
  expect(
    [...byTopic.values()].map((offsets) => offsets.sort((a, b) => a - b)).sort((a, b) => a.length - b.length),
  ).toEqual([5, 30].map((count) => Array.from({ length: count }, (_, n) => n)));
});

test('what passes is sent on with its headers, what fails is not', async () => {
  const target = `blessed-${Date.now()}`;
  await createTopic(plain, target, { partitions: 2, config: {} });
  lake = await openStreamLake(session, {
    partitions: 2,
    policy: `enforcement_mode: REPUBLISH_PASS_ONLY\nrepublish_topic: ${target}`,
  });
  const { topic } = lake;
  const messages = Array.from({ length: 40 }, (_, n) => ({
    key: `k${n}`,
    value: order(`o-${n}`, n % 4 === 0 ? '-1' : '3.10'),
    headers: { n: String(n), twice: ['a', 'b'] },
  }));
  await withProducer(plain, (producer) => producer.send({ topic, messages }));
  const enforcer = lake.start('--metrics-port', '0', '--log', 'json');
  await untilDone(plain, lake);
  await expectWatched(enforcer, topic);
  await expectIncident(lake);
  await enforcer.end('SIGTERM');
  const what = ({ key, value, headers }: Awaited<ReturnType<typeof readTopic>>[number]) =>
    JSON.stringify([String(key), String(value), headers]);
  const passed = (await readTopic(plain, topic)).filter(({ value }) => !String(value).includes('"total":-1'));
  expect(passed).toHaveLength(30);
  expect((await readTopic(plain, target)).map(what).sort()).toEqual(passed.map(what).sort());
});

/** While it runs it tells how many events passed and failed, that none waits, and that it is ready; its log is JSON. */
async function expectWatched(enforcer: Enforcing, topic: string): Promise<void> {
  const lines = enforcer.err().trim().split('\n');
  const messages = lines.map((line) => String((JSON.parse(line) as { message: string }).message));
  const [url = ''] = messages.flatMap((message) => /^Metrics: (.*)\/metrics$/.exec(message)?.[1] ?? []);
  const text = await (await fetch(`${url}/metrics`)).text();
  const named = `topic="${topic}"`;
  for (const line of [
    `enforcer_records_total{${named},dataset="urn:dp:orders:created",result="PASS"} 30`,
    `enforcer_records_total{${named},dataset="urn:dp:orders:created",result="FAIL"} 10`,
    `enforcer_consumer_lag{${named},partition="0"} 0`,
    `enforcer_consumer_lag{${named},partition="1"} 0`,
    `enforcer_topic_info{${named},dataset="urn:dp:orders:created",tier="TIER_1"} 1`,
  ])
    expect(text.split('\n')).toContain(line);
  expect((await fetch(`${url}/readyz`)).status).toBe(200);
}

/** A quarter of the events failed: an incident says so while the enforcer runs, and the enforcer says how far it is behind. */
async function expectIncident(of: StreamLake): Promise<void> {
  let seen = '';
  const isThere = async (): Promise<boolean> => {
    seen = (await assay(['incidents', 'list', '--json'], lakeOf(of))).out;
    return (JSON.parse(seen) as { kind: string }[]).some(({ kind }) => kind === 'COMPLIANCE');
  };
  await until('an incident of the kind COMPLIANCE', isThere, () => `There are: ${seen}`);
  const [incident] = (
    JSON.parse(seen) as { kind: string; cause: { reason: string; failed: number } }[]
  ).filter(({ kind }) => kind === 'COMPLIANCE');
  expect(incident?.cause).toMatchObject({ reason: 'RANGE_ERROR:total', events: 40, failed: 10 });
  const folder = path.join(of.cwd, 'lake/ops/streams/enforcers');
  const [name = ''] = await readdir(folder);
  const { partitions } = JSON.parse(await readFile(path.join(folder, name), 'utf8')) as {
    partitions: object[];
  };
  expect(partitions).toHaveLength(2);
}
