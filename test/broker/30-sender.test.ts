import { randomUUID } from 'node:crypto';
import { afterAll, expect, test } from '@jest/globals';
import { IdempotentSender } from '../../adapters/kafka/idempotent-sender.ts';
import { KafkaRepublisher } from '../../adapters/kafka/kafka-republisher.ts';
import type { KafkaSettings } from '../../adapters/kafka/settings.ts';
import { grouped } from '../../etl/privacy/grouped.ts';
import { until } from '../support/until.ts';
import { USER } from './support/broker.ts';
import { control, readSession } from './support/broker-control.ts';
import { createTopic, newTopic, readTopic, setRight, withProducer } from './support/clients.ts';
import { takeFrom, testSource } from './support/source.ts';

/** What is sent is there, read by kafkajs; and where it can't be, the sender says so. */

const session = readSession();
const { plain, secure, certificate } = session;
const settings: KafkaSettings = { bootstrap: [plain], clientId: 'assay-test' };
const senders: IdempotentSender[] = [];
afterAll(async () => {
  for (const sender of senders) await sender.close();
});
const newSender = (deliveryTimeoutMs?: number, own = settings): IdempotentSender => {
  const sender = new IdempotentSender({ settings: own, ...(deliveryTimeoutMs && { deliveryTimeoutMs }) });
  senders.push(sender);
  return sender;
};
const record = (topic: string, n: number) => ({
  topic,
  key: Buffer.from(`k${n}`),
  value: Buffer.from(String(n)),
});

test('events are sent on with key, value, time and headers as they came, where Kafka puts their keys', async () => {
  const [from, to] = [await newTopic(plain, 5), await newTopic(plain, 5)];
  // Older ones the broker would let expire.
  const now = Date.now() - 60_000;
  const messages = Array.from({ length: 200 }, (_, n) => ({
    key: n % 10 === 0 ? `Schlüssel-${n}` : `key-${n}`,
    value: n % 7 === 0 ? null : `value-${n}`,
    timestamp: String(now + n),
    headers: { twice: ['a', 'b'], n: String(n) },
  }));
  await withProducer(plain, (producer) => producer.send({ topic: from, messages }));
  const taken = await takeFrom(testSource(plain, [from]).source, {
    isEnough: (all) => all.length >= 200,
  });
  for (const one of grouped(taken, ({ partition }) => partition.partition).values())
    await new KafkaRepublisher(newSender()).send(to, one);
  const what = ({ partition, key, value, headers }: Awaited<ReturnType<typeof readTopic>>[number]) =>
    JSON.stringify([partition, key, value, headers]);
  expect((await readTopic(plain, to)).map(what).sort()).toEqual(
    (await readTopic(plain, from)).map(what).sort(),
  );
});

test('many at once, in order, each once', async () => {
  const topic = await newTopic(plain, 1);
  const sender = newSender();
  const sending = Array.from({ length: 20 }, (_, batch) =>
    sender.send(Array.from({ length: 250 }, (_, n) => record(topic, batch * 250 + n))),
  );
  await Promise.all(sending);
  const read = await readTopic(plain, topic);
  expect(read.map(({ value }) => Number(value))).toEqual(Array.from({ length: 5_000 }, (_, n) => n));
});

test('a topic that is not there makes a TransientError in time, and takes the same once it is there', async () => {
  const topic = `topic-${randomUUID()}`;
  const sender = newSender(2_000);
  const records = [record(topic, 1), record(topic, 2)];
  const started = Date.now();
  await expect(sender.send(records)).rejects.toMatchObject({ name: 'TransientError' });
  // As long as it may take, and not the minutes that the client goes on by itself.
  expect(Date.now() - started).toBeLessThan(60_000);
  await createTopic(plain, topic, { partitions: 1, config: {} });
  await sender.send(records);
  expect((await readTopic(plain, topic)).map(({ value }) => String(value))).toEqual(['1', '2']);
});

test('a record that is too large for its topic is a matter of settings, and the next one goes', async () => {
  const topic = await newTopic(plain, 1, { 'max.message.bytes': '10000' });
  const sender = newSender();
  const large = { topic, value: Buffer.alloc(20_000) };
  await expect(sender.send([large])).rejects.toMatchObject({ name: 'ConfigError', code: 'KAFKA_TOO_LARGE' });
  await sender.send([record(topic, 1)]);
  expect(await readTopic(plain, topic)).toHaveLength(1);
});

test('the broker dies while records are sent: what was acknowledged is there, and the rest is told', async () => {
  const topic = await newTopic(plain, 1);
  const sender = newSender(1_500);
  const acknowledged: number[] = [];
  let failures = 0;
  let isOver = false;
  const sending = (async () => {
    for (let n = 0; !isOver; ) {
      try {
        await sender.send(Array.from({ length: 50 }, (_, more) => record(topic, n + more)));
        for (let more = 0; more < 50; more++) acknowledged.push(n + more);
        n += 50;
      } catch (error) {
        expect(error).toMatchObject({ name: 'TransientError' });
        failures++;
      }
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  })();
  const untilAcknowledged = (least: number): Promise<void> =>
    until(
      `${least} records are acknowledged`,
      () => acknowledged.length >= least,
      () => `${acknowledged.length} are.`,
    );
  await untilAcknowledged(500);
  await control(session, 'kill');
  await until('sending fails', () => failures > 0);
  await control(session, 'start');
  await untilAcknowledged(acknowledged.length + 500);
  isOver = true;
  await sending;
  const there = new Set((await readTopic(plain, topic)).map(({ value }) => Number(value)));
  expect(acknowledged.filter((n) => !there.has(n))).toEqual([]);
});

test.each(['PLAIN', 'SCRAM-SHA-256'] as const)(
  'over TLS, by %s: refused without rights, reads and writes with them',
  async (mechanism) => {
    const topic = await newTopic(plain, 1);
    const own: KafkaSettings = {
      bootstrap: [secure],
      clientId: 'assay-test',
      tls: { ca: certificate },
      sasl: { mechanism, ...USER },
    };
    await expect(newSender(2_000, own).send([record(topic, 1)])).rejects.toMatchObject({
      name: 'TransientError',
    });
    await setRight(plain, 'grant', { topic, operation: 'all' });
    await newSender(10_000, own).send([record(topic, 1)]);
    const { source } = testSource(secure, [topic], { settings: own });
    expect(await takeFrom(source, { isEnough: (all) => all.length === 1 })).toHaveLength(1);
    const wrong = { ...own, sasl: { mechanism, username: USER.username, password: 'wrong' } };
    const stranger = testSource(secure, [topic], { settings: wrong }).source;
    await expect(takeFrom(stranger, { isEnough: () => true })).rejects.toMatchObject({
      name: 'ConfigError',
      code: 'KAFKA_DENIED',
    });
  },
);
