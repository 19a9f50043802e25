import { randomUUID } from 'node:crypto';
import { expect, test } from '@jest/globals';
import type { KafkaSource } from '../../adapters/kafka/kafka-source.ts';
import type { Partition } from '../../stream/event.ts';
import { until } from '../support/until.ts';
import { control, readSession } from './support/broker-control.ts';
import { asAdmin, newTopic, withProducer } from './support/clients.ts';
import { type Taken, takeFrom, testSource } from './support/source.ts';

/** Members that come, go, and find the broker gone: nothing is left out, and nothing is done by two at once. */

const session = readSession();
const { plain } = session;

const fill = async (topic: string, from: number, to: number): Promise<void> => {
  const messages = Array.from({ length: to - from }, (_, n) => ({ key: `k${n}`, value: String(from + n) }));
  await withProducer(plain, (producer) => producer.send({ topic, messages }));
};
const numbers = (taken: readonly Taken[]): number[] =>
  taken.map(({ value }) => Number(Buffer.from(value ?? []).toString())).sort((a, b) => a - b);
const upTo = (count: number): number[] => Array.from({ length: count }, (_, n) => n);
const keyOf = ({ topicId, partition }: Partition): string => `${topicId}:${partition}`;

test('partitions move only when what is under way there is finished', async () => {
  const topic = await newTopic(plain, 6);
  await fill(topic, 0, 600);
  const group = `group-${randomUUID()}`;
  const owners = new Map<string, string>();
  const conflicts: string[] = [];
  const all: Taken[] = [];
  const sources: KafkaSource[] = [];
  const member = (name: string): Promise<Taken[]> => {
    const { source } = testSource(plain, [topic], { group });
    sources.push(source);
    return takeFrom(source, {
      isEnough: () => false,
      onBatch: async ({ partition, events }) => {
        const owner = owners.get(keyOf(partition)) ?? name;
        if (owner !== name) conflicts.push(`${keyOf(partition)} is ${owner}'s, and ${name} has it`);
        owners.set(keyOf(partition), name);
        await new Promise((resolve) => setTimeout(resolve, 150));
        all.push(...events.map((event) => ({ ...event, partition })));
      },
      onRevoked: async (partitions) => {
        for (const one of partitions) owners.delete(keyOf(one));
      },
    });
  };
  const readings = [member('ann')];
  for (let n = 1; n <= 8; n++) {
    await new Promise((resolve) => setTimeout(resolve, 700));
    if (n === 1 || n === 3) readings.push(member(`member${n}`));
    if (n === 6) await sources[0]?.stop();
    await fill(topic, 600 + (n - 1) * 50, 600 + n * 50);
  }
  await until('all records are given', () => new Set(numbers(all)).size === 1_000);
  for (const source of sources) await source.stop();
  await Promise.all(readings);
  expect(conflicts).toEqual([]);
  // Finished and kept before they move: nothing is read twice.
  expect(numbers(all)).toEqual(upTo(1_000));
});

test('a member that died without a word loses its partitions after its session, and what it had not kept is read again', async () => {
  const topic = await newTopic(plain, 2);
  await fill(topic, 0, 100);
  const group = `group-${randomUUID()}`;
  // It takes a batch, and is never heard of again: no heartbeat, no leave.
  const lost = testSource(plain, [topic], { group, heartbeatMs: 3_600_000 }).source;
  const iterator = lost.batches(async () => undefined)[Symbol.asyncIterator]();
  const first = await iterator.next();
  expect(first.value.events.length).toBeGreaterThan(0);
  const { source } = testSource(plain, [topic], { group });
  const taken = await takeFrom(source, { isEnough: (all) => numbers(all).length >= 100 });
  expect(numbers(taken)).toEqual(upTo(100));
  // What it keeps now is nobody's business any more.
  await lost.commit([{ partition: first.value.partition, endOffset: 1 }]);
  const kept = await asAdmin(plain, (admin) => admin.fetchOffsets({ groupId: group, topics: [topic] }));
  expect(kept[0]?.partitions.reduce((sum, { offset }) => sum + Number(offset), 0)).toBe(100);
  await lost.stop();
  await iterator.return?.(undefined);
});

test('the broker dies and comes back: reading goes on where it was', async () => {
  const topic = await newTopic(plain, 3);
  await fill(topic, 0, 300);
  const { source, notices } = testSource(plain, [topic], { sessionTimeoutMs: 10_000 });
  const all: Taken[] = [];
  const reading = takeFrom(source, {
    isEnough: (taken) => new Set(numbers(taken)).size >= 600,
    onBatch: async ({ partition, events }) => {
      all.push(...events.map((event) => ({ ...event, partition })));
    },
  });
  await until('a record is given', () => all.length > 0);
  for (const action of ['kill', 'start'] as const) await control(session, action);
  await fill(topic, 300, 600);
  expect([...new Set(numbers(await reading))]).toEqual(upTo(600));
  expect(notices.some(({ kind }) => kind === 'retrying')).toBe(true);
});

test('lag is what is not done: records that wait, and none of the holes at the end', async () => {
  const topic = await newTopic(plain);
  await withProducer(
    plain,
    async (producer) => {
      const transaction = await producer.transaction();
      await transaction.send({ topic, messages: [{ value: '1' }, { value: '2' }] });
      await transaction.commit();
    },
    `tx-${randomUUID()}`,
  );
  const { source } = testSource(plain, [topic]);
  const lags: (number | undefined)[] = [];
  const lag = (): number | undefined => source.lag()[0]?.lag;
  const reading = takeFrom(source, {
    isEnough: () => false,
    onBatch: async () => {
      lags.push(lag());
    },
  });
  await until('nothing is left to read', () => lags.length === 1 && lag() === 0);
  expect(lags).toEqual([3]);
  await source.stop();
  await reading;
});
