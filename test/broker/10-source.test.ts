import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { CompressionTypes } from 'kafkajs';
import { until } from '../support/until.ts';
import { readSession } from './support/broker-control.ts';
import { asAdmin, createTopic, newTopic, otherClient, readTopic, withProducer } from './support/clients.ts';
import { type Taken, takeFrom, testSource } from './support/source.ts';

/** What the enforcer is given of a topic, beside what kafkajs and Kafka's own tools wrote and read. */

const session = readSession();
const { plain } = session;

const texts = (taken: readonly Taken[]): string[] =>
  taken.map(({ value }) => Buffer.from(value ?? []).toString());
const messages = (prefix: string, count: number) =>
  Array.from({ length: count }, (_, n) => ({ key: `k${n % 7}`, value: `${prefix}-${n}` }));

test('gives the records that another read-committed client reads, and none of aborted transactions', async () => {
  const topic = await newTopic(plain);
  const id = `tx-${randomUUID()}`;
  await withProducer(
    plain,
    async (producer) => {
      for (let round = 0; round < 6; round++) {
        const transaction = await producer.transaction();
        await transaction.send({ topic, messages: messages(`round${round}`, 40) });
        if (round % 3 === 1) await transaction.commit();
        else await transaction.abort();
        await withProducer(plain, (other) => other.send({ topic, messages: messages(`between${round}`, 3) }));
      }
      // Left open: nobody may be given it, nor what follows it.
      const open = await producer.transaction();
      await open.send({ topic, messages: messages('open', 5) });
      await withProducer(plain, (other) => other.send({ topic, messages: messages('behind', 2) }));
      const expected = await readTopic(plain, topic);
      expect(expected).toHaveLength(2 * 40 + 6 * 3);
      const { source } = testSource(plain, [topic]);
      const isEnough = (taken: readonly Taken[]): boolean => taken.length >= expected.length;
      const taken = await takeFrom(source, { isEnough });
      expect(taken.map(({ offset, value }) => [offset, Buffer.from(value ?? []).toString()])).toEqual(
        expected.map(({ offset, value }) => [offset, value?.toString()]),
      );
      await open.abort();
    },
    id,
  );
});

test('leaves out aborted records whose marker is megabytes behind them', async () => {
  const topic = await newTopic(plain);
  await withProducer(
    plain,
    async (producer) => {
      const transaction = await producer.transaction();
      const value = 'x'.repeat(400_000);
      for (let n = 0; n < 40; n++) await transaction.send({ topic, messages: [{ value: `${n}${value}` }] });
      await transaction.abort();
    },
    `tx-${randomUUID()}`,
  );
  await withProducer(plain, (producer) => producer.send({ topic, messages: [{ value: 'committed' }] }));
  const { source } = testSource(plain, [topic]);
  const taken = await takeFrom(source, { isEnough: (all) => all.length > 0 });
  expect(texts(taken)).toEqual(['committed']);
  // The broker answers before the marker is written: it stands in front of this record, or behind it.
  expect([40, 41]).toContain(taken[0]?.offset);
});

test('hands on keys, headers that repeat, tombstones and bytes that are no text', async () => {
  const topic = await newTopic(plain);
  const odd = Buffer.from([0, 0xff, 0xfe, 0xc0]);
  // The broker lets older ones expire.
  const sentMs = Date.now() - 60_123;
  const headers = { twice: ['a', 'b'], bytes: odd, none: '' };
  await withProducer(plain, (producer) =>
    producer.send({
      topic,
      messages: [
        { key: odd, value: odd, headers, timestamp: String(sentMs) },
        { key: null, value: null },
        { key: '', value: '' },
        { value: 'x'.repeat(1_000_000) },
      ],
    }),
  );
  const { source } = testSource(plain, [topic]);
  const [first, second, third, large] = await takeFrom(source, { isEnough: (all) => all.length === 4 });
  expect(first).toMatchObject({ offset: 0, timestampMs: sentMs, key: odd, value: odd });
  expect(
    first?.headers.map(({ name, value }) => [name, Buffer.from(value ?? []).toString('latin1')]),
  ).toEqual([
    ['twice', 'a'],
    ['twice', 'b'],
    ['bytes', odd.toString('latin1')],
    ['none', ''],
  ]);
  expect(second).toMatchObject({ key: null, value: null, headers: [] });
  expect(third?.key).toHaveLength(0);
  expect(third?.value).toHaveLength(0);
  expect(large?.value).toHaveLength(1_000_000);
});

test.each(['gzip', 'snappy', 'lz4', 'zstd'])(
  "reads what Kafka's own producer compressed with %s",
  async (codec) => {
    const topic = await newTopic(plain);
    const lines = Array.from({ length: 3_000 }, (_, n) =>
      JSON.stringify({ n, text: 'again and again '.repeat(5) }),
    );
    await produceByJava(topic, codec, lines);
    const { source } = testSource(plain, [topic]);
    const taken = await takeFrom(source, { isEnough: (all) => all.length >= lines.length });
    expect(texts(taken)).toEqual(lines);
  },
);

/** Kafka's console producer. */
async function produceByJava(topic: string, codec: string, lines: readonly string[]): Promise<void> {
  const { java, classpath } = session;
  const args = [
    '--bootstrap-server',
    plain,
    '--topic',
    topic,
    '--compression-codec',
    codec,
    '--batch-size',
    '20000',
  ];
  const tool = [
    '-cp',
    classpath,
    '-XX:TieredStopAtLevel=1',
    'org.apache.kafka.tools.ConsoleProducer',
    ...args,
  ];
  const child = spawn(java, tool, { stdio: ['pipe', 'ignore', 'ignore'] });
  child.stdin.end(`${lines.join('\n')}\n`);
  expect(await new Promise((resolve) => child.on('close', resolve))).toBe(0);
}

test('a batch that unpacks to more than fits is refused with where it lies, and fills no memory', async () => {
  const topic = await newTopic(plain, 1, { 'max.message.bytes': '2000000' });
  const zeros = '0'.repeat(20_000_000);
  await withProducer(plain, (producer) =>
    producer.send({
      topic,
      compression: CompressionTypes.GZIP,
      messages: [{ value: zeros }, { value: zeros }, { value: zeros }],
    }),
  );
  const { source } = testSource(plain, [topic], { maxBatchBytes: 50_000_000 });
  const reading = takeFrom(source, { isEnough: () => true });
  await expect(reading).rejects.toMatchObject({ name: 'DataError', code: 'KAFKA_BATCH_TOO_LARGE' });
  await expect(reading).rejects.toThrow(`${topic}, partition 0, offset 0`);
});

test('starts at the end where the group is new, and keeps that before the first record', async () => {
  const topic = await newTopic(plain, 2);
  await withProducer(plain, (producer) => producer.send({ topic, messages: messages('before', 50) }));
  const group = `group-${randomUUID()}`;
  const first = testSource(plain, [topic], { group, isFromStart: false });
  const reading = takeFrom(first.source, { isEnough: () => true, isCommitting: false });
  const kept = async () =>
    (await asAdmin(plain, (admin) => admin.fetchOffsets({ groupId: group, topics: [topic] })))[0];
  const isKept = async () => (await kept())?.partitions.every(({ offset }) => Number(offset) > 0) === true;
  await until('every partition has an offset that is kept', isKept);
  const sum = ((await kept())?.partitions ?? []).reduce((total, { offset }) => total + Number(offset), 0);
  expect(sum).toBe(50);
  await first.source.stop();
  expect(await reading).toEqual([]);
  // Nobody is there while these come.
  await withProducer(plain, (producer) => producer.send({ topic, messages: messages('after', 20) }));
  const second = testSource(plain, [topic], { group, isFromStart: false });
  const taken = await takeFrom(second.source, { isEnough: (all) => all.length >= 20 });
  expect(texts(taken).sort()).toEqual(
    messages('after', 20)
      .map(({ value }) => value)
      .sort(),
  );
});

test('reads new partitions of a topic from their start', async () => {
  const topic = await newTopic(plain, 1);
  await withProducer(plain, (producer) => producer.send({ topic, messages: messages('old', 5) }));
  const { source } = testSource(plain, [topic], { isFromStart: false });
  let count = 0;
  const reading = takeFrom(source, {
    isEnough: () => false,
    onBatch: async ({ events }) => {
      count += events.length;
    },
  });
  await until('the partition is read', () => source.lag().length === 1);
  await asAdmin(plain, (admin) => admin.createPartitions({ topicPartitions: [{ topic, count: 4 }] }));
  const added = messages('new', 30).map((message, n) => ({ ...message, partition: 1 + (n % 3) }));
  await withProducer(plain, (producer) => producer.send({ topic, messages: added }));
  // kafkajs sends some of them twice where it doesn't know all partitions yet.
  const there = (await readTopic(plain, topic)).filter(({ partition }) => partition > 0);
  await until('all records are given', () => count >= there.length);
  await source.stop();
  expect(texts(await reading).sort()).toEqual(there.map(({ value }) => String(value)).sort());
});

test('a topic that is made anew is read from its start, under another id', async () => {
  const topic = await newTopic(plain);
  await withProducer(plain, (producer) => producer.send({ topic, messages: messages('first', 10) }));
  const { source } = testSource(plain, [topic], { isFromStart: true });
  const reading = takeFrom(source, { isEnough: (all) => all.length >= 14 });
  await until('nothing is left to read', () => source.lag().some(({ lag }) => lag === 0));
  await asAdmin(plain, (admin) => admin.deleteTopics({ topics: [topic] }));
  const isGone = async () => !(await asAdmin(plain, (admin) => admin.listTopics())).includes(topic);
  await until('the topic is gone', isGone);
  await createTopic(plain, topic, { partitions: 1, config: {} });
  await withProducer(plain, (producer) => producer.send({ topic, messages: messages('second', 4) }));
  const taken = await reading;
  expect(texts(taken)).toEqual(
    [...messages('first', 10), ...messages('second', 4)].map(({ value }) => value),
  );
  expect(new Set(taken.map(({ partition }) => partition.topicId)).size).toBe(2);
  expect(taken.at(-4)?.offset).toBe(0);
});

test('records that expired unread are told as a gap', async () => {
  const topic = await newTopic(plain);
  const group = `group-${randomUUID()}`;
  await withProducer(plain, (producer) => producer.send({ topic, messages: messages('a', 10) }));
  const first = testSource(plain, [topic], { group });
  await takeFrom(first.source, { isEnough: (all) => all.length >= 10 });
  await withProducer(plain, (producer) => producer.send({ topic, messages: messages('b', 10) }));
  await asAdmin(plain, async (admin) => {
    await admin.fetchTopicMetadata({ topics: [topic] });
    await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '15' }] });
  });
  const { source, notices } = testSource(plain, [topic], { group });
  const taken = await takeFrom(source, { isEnough: (all) => all.length >= 5 });
  expect(texts(taken)).toEqual(
    messages('b', 10)
      .slice(5)
      .map(({ value }) => value),
  );
  expect(notices.filter(({ kind }) => kind === 'gap')).toMatchObject([{ from: 10, to: 15 }]);
});

test('an unknown topic and an unreachable cluster are told at once', async () => {
  const nowhere = testSource(plain, ['no-such-topic']).source;
  await expect(takeFrom(nowhere, { isEnough: () => true })).rejects.toMatchObject({
    name: 'ConfigError',
    code: 'KAFKA_TOPIC',
  });
  const dead = testSource('127.0.0.1:1', ['any']).source;
  await expect(takeFrom(dead, { isEnough: () => true })).rejects.toMatchObject({ name: 'TransientError' });
});

test('memory is bounded by what is taken: a slow reader has a batch of each partition waiting, no more', async () => {
  const topic = await newTopic(plain, 4);
  const value = 'y'.repeat(500_000);
  const kafka = otherClient(plain).producer();
  await kafka.connect();
  for (let n = 0; n < 80; n++)
    await kafka.send({ topic, messages: [{ value: `${n}${value}`, partition: n % 4 }] });
  await kafka.disconnect();
  const { source } = testSource(plain, [topic], { maxWaitingBytes: 6_000_000 });
  let most = 0;
  const taken = await takeFrom(source, {
    isEnough: (all) => all.length >= 80,
    onBatch: async () => {
      // The first is slow until others wait behind it.
      if (most === 0) await until('batches wait', () => source.waitingBytes() > 0);
      else await new Promise((resolve) => setTimeout(resolve, 100));
      most = Math.max(most, source.waitingBytes());
    },
  });
  expect(taken).toHaveLength(80);
  expect(most).toBeLessThanOrEqual(6_000_000 + (16 << 20));
});
